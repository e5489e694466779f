#!/usr/bin/env bash
# Train in several processes:  bash tools/dist_train.sh CONFIG PROCESSES [OPTIONS]
# For several machines, set NNODES, NODE_RANK, MASTER_ADDR and PORT in the environment.
set -eu
[ $# -ge 2 ] || { echo "usage: bash $0 CONFIG PROCESSES [OPTIONS]" >&2; exit 2; }
config=$1 processes=$2
exec torchrun --nproc_per_node="$processes" --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"
