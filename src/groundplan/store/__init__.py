"""Economy folders, run folders, importers and exporters: the only room that touches disks."""
