"""Rendering on a Dask cluster."""

from animopt.video.dask_cluster import connected as connected
