"""Every operation of the data plane with its verb and path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_batch_emulator.wire.handlers import (
    account,
    files,
    jobs,
    node_access,
    nodes,
    pools,
    preparations,
    schedules,
    subtasks,
    tasks,
)
from azure_batch_emulator.wire.route_table import Route

if TYPE_CHECKING:
    from collections.abc import Sequence

_POOL, _JOB, _SCHEDULE = "/pools/{poolId}", "/jobs/{jobId}", "/jobschedules/{jobScheduleId}"
_NODE, _TASK = f"{_POOL}/nodes/{{nodeId}}", f"{_JOB}/tasks/{{taskId}}"
_FILE = "/files/{filePath}"

ROUTES: Sequence[Route] = (
    Route("list_applications", "GET", "/applications", account.list_applications),
    Route("get_application", "GET", "/applications/{applicationId}", account.get_application),
    Route("list_pool_usage_metrics", "GET", "/poolusagemetrics", account.list_pool_usage_metrics),
    Route("list_supported_images", "GET", "/supportedimages", account.list_supported_images),
    Route("list_pool_node_counts", "GET", "/nodecounts", account.list_pool_node_counts),
    Route("create_pool", "POST", "/pools", pools.create_pool),
    Route("list_pools", "GET", "/pools", pools.list_pools),
    Route("get_pool", "GET", _POOL, pools.get_pool),
    Route("pool_exists", "HEAD", _POOL, pools.pool_exists),
    Route("update_pool", "PATCH", _POOL, pools.update_pool),
    Route("delete_pool", "DELETE", _POOL, pools.delete_pool),
    Route("replace_pool_properties", "POST", f"{_POOL}/updateproperties", pools.replace_pool_properties),
    Route("enable_pool_auto_scale", "POST", f"{_POOL}/enableautoscale", pools.enable_pool_auto_scale),
    Route("disable_pool_auto_scale", "POST", f"{_POOL}/disableautoscale", pools.disable_pool_auto_scale),
    Route("evaluate_pool_auto_scale", "POST", f"{_POOL}/evaluateautoscale", pools.evaluate_pool_auto_scale),
    Route("resize_pool", "POST", f"{_POOL}/resize", pools.resize_pool),
    Route("stop_pool_resize", "POST", f"{_POOL}/stopresize", pools.stop_pool_resize),
    Route("remove_nodes", "POST", f"{_POOL}/removenodes", pools.remove_nodes),
    Route("create_job", "POST", "/jobs", jobs.create_job),
    Route("list_jobs", "GET", "/jobs", jobs.list_jobs),
    Route("get_job", "GET", _JOB, jobs.get_job),
    Route("update_job", "PATCH", _JOB, jobs.update_job),
    Route("replace_job", "PUT", _JOB, jobs.replace_job),
    Route("delete_job", "DELETE", _JOB, jobs.delete_job),
    Route("disable_job", "POST", f"{_JOB}/disable", jobs.disable_job),
    Route("enable_job", "POST", f"{_JOB}/enable", jobs.enable_job),
    Route("terminate_job", "POST", f"{_JOB}/terminate", jobs.terminate_job),
    Route(
        "list_job_preparation_and_release_task_status",
        "GET",
        f"{_JOB}/jobpreparationandreleasetaskstatus",
        preparations.list_job_preparation_and_release_task_status,
    ),
    Route("get_job_task_counts", "GET", f"{_JOB}/taskcounts", jobs.get_job_task_counts),
    Route("create_job_schedule", "POST", "/jobschedules", schedules.create_job_schedule),
    Route("list_job_schedules", "GET", "/jobschedules", schedules.list_job_schedules),
    Route("get_job_schedule", "GET", _SCHEDULE, schedules.get_job_schedule),
    Route("job_schedule_exists", "HEAD", _SCHEDULE, schedules.job_schedule_exists),
    Route("update_job_schedule", "PATCH", _SCHEDULE, schedules.update_job_schedule),
    Route("replace_job_schedule", "PUT", _SCHEDULE, schedules.replace_job_schedule),
    Route("delete_job_schedule", "DELETE", _SCHEDULE, schedules.delete_job_schedule),
    Route("disable_job_schedule", "POST", f"{_SCHEDULE}/disable", schedules.disable_job_schedule),
    Route("enable_job_schedule", "POST", f"{_SCHEDULE}/enable", schedules.enable_job_schedule),
    Route("terminate_job_schedule", "POST", f"{_SCHEDULE}/terminate", schedules.terminate_job_schedule),
    Route("list_jobs_from_schedule", "GET", f"{_SCHEDULE}/jobs", schedules.list_jobs_from_schedule),
    Route("create_task", "POST", f"{_JOB}/tasks", tasks.create_task),
    Route("create_task_collection", "POST", f"{_JOB}/addtaskcollection", tasks.create_task_collection),
    Route("list_tasks", "GET", f"{_JOB}/tasks", tasks.list_tasks),
    Route("get_task", "GET", _TASK, tasks.get_task),
    Route("replace_task", "PUT", _TASK, tasks.replace_task),
    Route("delete_task", "DELETE", _TASK, tasks.delete_task),
    Route("terminate_task", "POST", f"{_TASK}/terminate", tasks.terminate_task),
    Route("reactivate_task", "POST", f"{_TASK}/reactivate", tasks.reactivate_task),
    Route("list_subtasks", "GET", f"{_TASK}/subtasksinfo", subtasks.list_subtasks),
    Route("list_task_files", "GET", f"{_TASK}/files", files.list_task_files),
    Route("download_task_file", "GET", f"{_TASK}{_FILE}", files.download_task_file),
    Route("get_task_file_properties", "HEAD", f"{_TASK}{_FILE}", files.get_task_file_properties),
    Route("delete_task_file", "DELETE", f"{_TASK}{_FILE}", files.delete_task_file),
    Route("list_nodes", "GET", f"{_POOL}/nodes", nodes.list_nodes),
    Route("get_node", "GET", _NODE, nodes.get_node),
    Route("reboot_node", "POST", f"{_NODE}/reboot", nodes.reboot_node),
    Route("reimage_node", "POST", f"{_NODE}/reimage", nodes.reimage_node),
    Route("start_node", "POST", f"{_NODE}/start", nodes.start_node),
    Route("deallocate_node", "POST", f"{_NODE}/deallocate", nodes.deallocate_node),
    Route("disable_node_scheduling", "POST", f"{_NODE}/disablescheduling", nodes.disable_node_scheduling),
    Route("enable_node_scheduling", "POST", f"{_NODE}/enablescheduling", nodes.enable_node_scheduling),
    Route(
        "get_node_remote_login_settings",
        "GET",
        f"{_NODE}/remoteloginsettings",
        node_access.get_node_remote_login_settings,
    ),
    Route("upload_node_logs", "POST", f"{_NODE}/uploadbatchservicelogs", node_access.upload_node_logs),
    Route("create_node_user", "POST", f"{_NODE}/users", node_access.create_node_user),
    Route("replace_node_user", "PUT", f"{_NODE}/users/{{userName}}", node_access.replace_node_user),
    Route("delete_node_user", "DELETE", f"{_NODE}/users/{{userName}}", node_access.delete_node_user),
    Route("list_node_extensions", "GET", f"{_NODE}/extensions", node_access.list_node_extensions),
    Route(
        "get_node_extension", "GET", f"{_NODE}/extensions/{{extensionName}}", node_access.get_node_extension
    ),
    Route("list_node_files", "GET", f"{_NODE}/files", files.list_node_files),
    Route("download_node_file", "GET", f"{_NODE}{_FILE}", files.download_node_file),
    Route("get_node_file_properties", "HEAD", f"{_NODE}{_FILE}", files.get_node_file_properties),
    Route("delete_node_file", "DELETE", f"{_NODE}{_FILE}", files.delete_node_file),
)
