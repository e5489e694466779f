#!/usr/bin/env bash
# Test in several processes:  bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [OPTIONS]
# For several machines, set NNODES, NODE_RANK, MASTER_ADDR and PORT in the environment.
set -eu
[ $# -ge 3 ] || { echo "usage: bash $0 CONFIG CHECKPOINT PROCESSES [OPTIONS]" >&2; exit 2; }
config=$1 checkpoint=$2 processes=$3
exec torchrun --nproc_per_node="$processes" --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
