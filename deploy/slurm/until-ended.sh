# shellcheck shell=bash
# Sourced by the scripts beside it.

# Runs a command to its end and sets `code` to its exit code. SLURM sends SIGTERM to this shell only, so the first
# SIGTERM is passed on to the command, and `told` becomes "yes". Further signals are not passed on, because a second one
# would end the command at once.
until_ended() {
  local child='' passed_on=no
  told=no
  trap 'told=yes; pass_on' TERM
  "$@" &
  child=$!
  # A SIGTERM that came before the command had started is passed on now.
  [ "$told" = no ] || pass_on

  # A signal ends `wait` before the command has ended, and bash may remember it for the next `wait`.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child" || true
  done
  # From here on no signal interrupts. The first `wait` may return early because of a signal that bash still remembers.
  # The second `wait` returns the exit code, which bash keeps.
  trap '' TERM
  wait "$child" || true
  code=0
  # shellcheck disable=SC2034 # for the script
  wait "$child" || code=$?
}

# Used by until_ended. Reads and sets its variables.
pass_on() {
  if [ -n "$child" ] && [ "$passed_on" = no ]; then
    passed_on=yes
    kill -TERM "$child" 2>/dev/null || true
  fi
}
