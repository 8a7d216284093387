# boto3 is not in every Python of the instance.
for python in /usr/bin/python3 /home/ec2-user/anaconda3/envs/JupyterSystemEnv/bin/python \
    /home/ec2-user/anaconda3/bin/python ${NOTEBOOK_PYTHON:-}; do
  if [ -x "$python" ] && "$python" -c 'import boto3' 2>/dev/null; then
    systemd-run --unit=tidegate-idle-stop --on-active=5min --on-unit-active=5min \
      "$python" "$tools/idle_stop.py" --idle-seconds @SECONDS@
    exit 0
  fi
done
echo 'no Python of this instance has boto3, so that nothing would stop it when idle' >&2
exit 1
