# Shared by ./run and ./test (sourced, not run): .venv with what a requirements file asks for.
# The caller stands in the project root and has `set -euo pipefail`.

say() { printf '%s\n' "$*" >&2; }

# Prints the first Python on this machine that is 3.11 or newer.
find_python() {
  local candidate
  for candidate in python3.11 python3 python3.12 python3.13 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say "没有找到 Python 3.11 或更新的版本，请先安装（Debian 12：apt-get install python3 python3-venv）。"
  return 1
}

# Debian ships Python without ensurepip; uv does not need it.
need_venv_module() {
  command -v uv >/dev/null && return
  "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "正在安装 python3-venv……"
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y python3-venv; } \
      </dev/null >&2 || true
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
  fi
  say "缺少软件包 python3-venv，请由管理员执行：apt-get install python3-venv，然后重试。"
  return 1
}

make_venv() {
  .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
  local python
  python=$(find_python)
  need_venv_module "$python"
  say "正在创建虚拟环境 .venv……"
  rm -rf .venv
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" .venv
  else
    "$python" -m venv .venv
  fi
}

install_packages() {
  if command -v uv >/dev/null; then
    uv pip install --quiet --compile-bytecode --python .venv/bin/python -r "$1"
    return
  fi
  # A .venv made by uv carries no pip.
  .venv/bin/python -c 'import pip' 2>/dev/null || .venv/bin/python -m ensurepip >/dev/null
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$1"
}

# ready_venv FILE: afterwards .venv holds what FILE asks for. Costs nothing when FILE and
# requirements.txt have not changed since last time: .venv keeps a copy of what it was made from.
ready_venv() {
  local stamp=".venv/made-from-$1"
  if command -v flock >/dev/null; then
    exec 9>.venv.lock
    flock 9
  fi
  make_venv
  if ! cat requirements.txt "$1" | cmp -s - "$stamp"; then
    say "正在安装依赖（$1），第一次需要几分钟……"
    if ! install_packages "$1"; then
      say "依赖安装失败，请检查网络或软件源（pip index-url）后重试。"
      return 1
    fi
    cat requirements.txt "$1" >"$stamp"
  fi
  exec 9>&-
}
