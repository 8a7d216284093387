#!/bin/bash
# Runs as root whenever the notebook instance starts, for five minutes at most; its output is in
# CloudWatch Logs, group /aws/sagemaker/NotebookInstances. Files that are there stay as they are.
set -eu

home=${NOTEBOOK_HOME:-/home/ec2-user/SageMaker}/tidegate
tools=${NOTEBOOK_TOOLS:-/opt/tidegate}
mkdir -p "$home" "$tools"

fetch() { [ -e "$2" ] || aws s3 cp --only-show-errors "$1" "$2"; }
@FETCHES@
cat > "$home/notebook.json" <<'END'
@CONFIG@
END
chown -R "${NOTEBOOK_USER:-ec2-user}" "$home"

@IDLE_STOP@
