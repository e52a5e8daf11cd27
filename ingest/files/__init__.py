"""Files of readings, whoever wrote them: which files, which columns, which rows are none."""
