# What cairn needs from Debian 12, and a way to install it.  To be sourced by the other scripts.
# shellcheck shell=bash disable=SC2034

BUILD_PACKAGES=(g++ cmake ninja-build pkg-config librocksdb-dev libsodium-dev libzstd-dev libcli11-dev nlohmann-json3-dev
  libpq-dev zlib1g-dev liblz4-dev libhiredis-dev liblzf-dev libssl-dev libtomlplusplus-dev libarchive-dev libfuse3-dev
  libcurl4-openssl-dev)

# For scripts/test.sh: the test framework, tools the tests look over cairn's shoulder with, and file system features to back up.
TEST_PACKAGES=(libgtest-dev libgmock-dev libbenchmark-dev python3 b3sum acl attr libcap2-bin strace rsync util-linux e2fsprogs
  postgresql-15 postgresql-client-15 ca-certificates curl xz-utils
  redis-server redis-tools python3-cryptography openssl fuse3 sqlite3
  radosgw ceph-mon ceph-osd ceph-common)

# For the `fuzz` preset only; replaying the corpus needs none of these.
FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# apt_get ARGUMENT...: without questions, and once more if a mirror was having a bad moment.
apt_get() {
  local attempt
  for attempt in 1 2; do
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@"; then
      return 0
    fi
    if [ "$attempt" -eq 1 ]; then
      echo "apt-get $1 failed; trying once more" >&2
      sleep 5
    fi
  done
  return 1
}

# install_packages PACKAGE...: touches nothing, and needs no rights, when all of them are there.
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "This is not a Debian; going on without installing anything.  Needed are: $*" >&2
    return 0
  fi
  local package missing=()
  for package in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      missing+=("$package")
    fi
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  echo "Installing: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "Neither root nor sudo; as root:  apt-get update && apt-get install ${missing[*]}" >&2
    return 1
  fi
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
}

# configure PRESET: configures the CMake preset of that name, with ccache where there is one.  Requires: the current directory is
# the top of the repository.
configure() {
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  cmake --preset "$1" "${launcher[@]}"
}
