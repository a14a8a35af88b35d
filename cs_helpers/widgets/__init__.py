"""What an analyst turns and clicks in JupyterLab."""
