// A function that can be left and entered again: the actors of the simulator, many of them on one thread, in an order the test decides.
//
// A fiber must not be left inside a catch block or while an exception is on its way.
// Threads:  one thread at a time.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace cairn {

class Fiber {
 public:
  explicit Fiber(std::function<void()> run) : run_(std::move(run)), stack_(std::make_unique_for_overwrite<char[]>(kStackBytes)) {
    ::getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = kStackBytes;
    inside_.uc_link = nullptr;
    auto self = reinterpret_cast<uintptr_t>(this);
    ::makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2, static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  }
  Fiber(const Fiber&) = delete;

  bool ended() const { return ended_; }
  // Runs it up to its next leave(), or its end.   Requires: not ended.
  void resume() {
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_.get(), kStackBytes);
#endif
    ::swapcontext(&outside_, &inside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  }
  // Inside: back to whoever called resume().
  void leave() {
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fake, outside_stack_, outside_stack_bytes_);
#endif
    ::swapcontext(&inside_, &outside_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, &outside_stack_, &outside_stack_bytes_);
#endif
  }

 private:
  static constexpr size_t kStackBytes = 256 << 10;
  static void enter(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Fiber*>(uintptr_t{high} << 32 | low);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self->outside_stack_, &self->outside_stack_bytes_);
#endif
    self->run_();
    self->ended_ = true;
    self->leave();
  }
  std::function<void()> run_;
  std::unique_ptr<char[]> stack_;
  ucontext_t inside_{}, outside_{};
  bool ended_ = false;
  const void* outside_stack_ = nullptr;
  size_t outside_stack_bytes_ = 0;
};

}  // namespace cairn
