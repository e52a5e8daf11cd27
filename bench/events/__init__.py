"""The way from devices to readings: devices, event hub, Stream Analytics job, loader, and the whole chain."""
