#!/usr/bin/env bash
# Counts the words of a text source over TCP until ten batches are done, then shows where the time went.
# usage: demo.sh BIN_DIR
set -euo pipefail

bin=$1
batches=10
limit_seconds=60
work=$(mktemp -d)
source_pid=
count_pid=

stop_all() {
  [[ -n $count_pid ]] && kill "$count_pid" 2>/dev/null
  [[ -n $source_pid ]] && kill "$source_pid" 2>/dev/null
  rm -rf "$work"
}
trap stop_all EXIT

# Waits until FILE has COUNT lines that match PATTERN; gives up when PID is gone or time is out.
wait_for_lines() {
  local file=$1 pattern=$2 count=$3 pid=$4 deadline=$((SECONDS + limit_seconds))
  while [[ $(grep -c -- "$pattern" "$file" || true) -lt $count ]]; do
    if ! kill -0 "$pid" 2>/dev/null || [[ $SECONDS -ge $deadline ]]; then
      echo "demo: waited in vain for '$pattern'; the last lines were:" >&2
      tail -n 20 "$file" >&2
      return 1
    fi
    sleep 0.1
  done
}

"$bin/text_source" 0 5000 >"$work/source" &
source_pid=$!
wait_for_lines "$work/source" '^listening ' 1 "$source_pid"
port=$(sed -n 's/^listening .*://p' "$work/source")
echo "A text source listens on 127.0.0.1:$port; counting its words in batches of one second:"

started=$(date +%s%3N)
"$bin/network_word_count" --master 'local[2]' 127.0.0.1 "$port" 2>"$work/log" &
count_pid=$!
wait_for_lines "$work/log" 'Total delay: .* for batch ' "$batches" "$count_pid"
kill -TERM "$count_pid"
wait "$count_pid"
count_pid=

# Total delay: 0.012 s for batch 17 time 1700000000200 ms (execution: 0.010 s)
awk -v started="$started" -v batches="$batches" '
  match($0, /Total delay: [0-9.]+ s for batch [0-9]+ time [0-9]+ ms \(execution: [0-9.]+ s\)/) && n < batches {
    split(substr($0, RSTART, RLENGTH), word, " ")
    total = word[3] * 1000; execution = word[12] * 1000
    if (n++ == 0) {
      first = word[9]
      print "\nWhere the time went, in ms\n"
      printf "%8s %10s %10s %10s\n", "batch", "waiting", "execution", "total"
    }
    printf "%8s %10.1f %10.1f %10.1f\n", word[7], total - execution, execution, total
    waited += total - execution; executed += execution
  }
  END {
    if (n == 0) exit 1
    printf "%8s %10.1f %10.1f %10.1f\n", "mean", waited / n, executed / n, (waited + executed) / n
    printf "\nFrom the start of the program to its first batch: %d ms (batches fall on whole seconds).\n", first - started
    printf "Of each second of input, processing took %.1f ms.\n", executed / n
  }' "$work/log"
