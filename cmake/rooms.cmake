# Every source file of every room, by name: a file that is not here is not built, and tests/tidy_test.py says so.

cairn_library(cairn_chunker
  chunker/chunker.cc)

set(BLAKE3_SOURCES store/crypto/blake3.cc store/crypto/blake3_baseline.cc)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
  list(APPEND BLAKE3_SOURCES store/crypto/blake3_avx2.cc store/crypto/blake3_avx512.cc)
  set_source_files_properties(store/crypto/blake3_avx2.cc PROPERTIES COMPILE_OPTIONS "-mavx2;-O3")
  set_source_files_properties(store/crypto/blake3_avx512.cc PROPERTIES COMPILE_OPTIONS "-mavx512f;-mavx512vl;-mavx512bw;-O3")
endif()
