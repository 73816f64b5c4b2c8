// What is read before any key is at hand, and what a slot holds.  Input: which (1 byte), the bytes; their trailer is set right here,
// for a stranger can do that too.
#include <algorithm>

#include "store/keys/config.h"
#include "store/keys/key_slot.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace cairn;
  if (size < 1) return 0;
  ByteView bytes(data + 1, size - 1);
  Bytes with_trailer(bytes.begin(), bytes.end());
  append_trailer(with_trailer);
  switch (data[0] % 4) {
    case 0: refuse_or([&] { Config::decode(with_trailer); }); break;
    case 1: refuse_or([&] {
      Keyring keys = Keyring::decode(bytes, {}, "slot");
      require(Keyring::decode(keys.encode(), {}, "slot").encode() == keys.encode());
    }); break;
    case 2: refuse_or([&] { Certificate::decode(bytes, "certificate"); }); break;
    case 3: refuse_or([&] {
      // Not past the key derivation: the operations and memory of a mutated slot would take seconds.
      bool dear = with_trailer.size() > kHeaderBytes + 9 && std::any_of(&with_trailer[kHeaderBytes + 1], &with_trailer[kHeaderBytes + 9], [](uint8_t b) { return b != 0; });
      if (!dear) KeySlot::open(with_trailer, {}, {}, "password");
      KeySlot::of_another_repository(with_trailer, {}, "slot");
    }); break;
  }
  return 0;
}
