# shellcheck shell=bash
# Sourced by the scripts beside it.

# Runs a command to its end and sets `code` to its exit code. The first SIGTERM is passed on, as SLURM tells this shell
# only; `told` is then "yes". More of them are not: a second one would end the command at once.
# shellcheck disable=SC2034 # `code` is for the script.
until_ended() {
  local child interrupted=yes
  told=no
  "$@" &
  child=$!
  trap 'interrupted=yes; [ "$told" = yes ] || kill -TERM "$child" 2>/dev/null || true; told=yes' TERM
  # A trapped signal ends `wait` before the command has ended.
  while [ "$interrupted" = yes ]; do
    interrupted=no
    code=0
    wait "$child" || code=$?
  done
  trap - TERM
}
