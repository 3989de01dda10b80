// What a user's receiver stores its rows in, and the kernel as which it travels to an executor.
#ifndef MILLSTREAM_EXEC_RECEIVER_H_
#define MILLSTREAM_EXEC_RECEIVER_H_

#include <millstream/exec/chunk.h>
#include <millstream/exec/codec.h>
#include <millstream/exec/encoder.h>
#include <millstream/exec/function.h>
#include <millstream/exec/kernel.h>
#include <millstream/exec/narrow_kernels.h>

#include <functional>
#include <mutex>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace millstream {

namespace exec {

// The executor's side of a receiver that runs; knows no row type. Thread-safe, but for Store: one call at a
// time.
class ReceiverSupervisor {
 public:
  // Appends the encoding of the next row; false: there are no more.
  using NextRow = std::function<bool(Encoder& out)>;

  virtual ~ReceiverSupervisor() = default;
  virtual void Store(std::string_view row) = 0;
  virtual bool StoreAll(const NextRow& next) = 0;
  virtual void Restart(const std::string& why) = 0;
  virtual void ReportError(const std::string& why) = 0;
  virtual bool Stopped() const = 0;
};

}  // namespace exec

// Where a receiver puts its rows of type T. Rows are encoded at once: a T may be or hold a view. Encodings
// longer than millstream.streaming.maxRecordSize are dropped, with a warning. Thread-safe; valid until
// Receive() returns.
template <class T>
class ReceiverSink {
 public:
  explicit ReceiverSink(exec::ReceiverSupervisor& supervisor) : supervisor_(supervisor) {}
  ReceiverSink(const ReceiverSink&) = delete;
  ReceiverSink& operator=(const ReceiverSink&) = delete;

  // Adds one row to the block that is being filled, which is kept and reported to the driver every
  // millstream.streaming.blockInterval; until then the row is lost if this executor is. Waits if it is faster
  // than millstream.streaming.receiver.maxRate allows, and while the executor has no room.
  void Store(const T& row) {
    std::lock_guard lock(mutex_);
    encoded_.Clear();
    exec::Codec<T>::Encode(row, encoded_);
    supervisor_.Store(encoded_.view());
  }

  // Adds any range of rows, in order and after what was stored before, in blocks of their own and at any
  // rate. Waits until they are kept, in as many copies as the storage level asks for and there are executors,
  // and the driver knows: from then on every row will be in a batch, and a source that waits for an
  // acknowledgement may have it. False: this receiver is being given up, and the rows may be in no batch.
  template <std::ranges::input_range Rows>
  requires(!std::is_convertible_v<Rows&&, const T&> &&
           std::is_convertible_v<std::ranges::range_reference_t<Rows>, const T&>) bool Store(Rows&& rows) {
    auto at = std::ranges::begin(rows);
    const auto end = std::ranges::end(rows);
    return supervisor_.StoreAll([&](Encoder& out) {
      if (at == end) return false;
      exec::Codec<T>::Encode(*at, out);
      ++at;
      return true;
    });
  }

  // Asks to be started anew: Stopped() is true from now on, and once Receive() has returned it is called
  // again after millstream.streaming.receiverRestartDelay. `why` is logged.
  void Restart(const std::string& why) { supervisor_.Restart(why); }

  // Logs a warning on the driver; the receiver goes on. The same text is logged once a
  // minute, and a hundred different ones, at most.
  void ReportError(const std::string& why) { supervisor_.ReportError(why); }

  // True: return soon. What is stored before that still counts.
  bool Stopped() const { return supervisor_.Stopped(); }

 private:
  exec::ReceiverSupervisor& supervisor_;
  std::mutex mutex_;  // protects encoded_
  Encoder encoded_;
};

namespace exec {

template <class R, class T>
inline constexpr bool kReceives = requires(const R& receiver, ReceiverSink<T>& sink) {
  receiver.Receive(sink);
};

template <class R, class T>
inline constexpr bool kIsReceiver = HasCodec<T>&& kReceives<R, T>&& kShippable<R>;

// One readable error for each thing that a receiver R of rows T may lack.
template <class R, class T>
constexpr void RequireReceiver() {
  RequireCodec<T>();
  static_assert(kReceives<R, T>,
                "a receiver of rows of type T needs a member function "
                "void Receive(ms::ReceiverSink<T>& sink) const");
  static_assert(
      kShippable<R>,
      "a receiver is sent to an executor, so its fields need a Codec: make it a plain aggregate of up to 32 "
      "fields (of std::string, not std::string_view; no pointers), or specialise millstream::Codec for it");
}

// Receives in its only Next(), which returns when Receive() does.
template <class R, class T>
class ReceiverKernel : public ChunkStream {
 public:
  explicit ReceiverKernel(KernelArgs& args) : receiver_(FunctionOf<R>(args)), supervisor_(*args.supervisor) {}

  bool Next(Chunk&) override {
    ReceiverSink<T> sink(supervisor_);
    receiver_.Receive(sink);
    return false;
  }

 private:
  const R receiver_;
  ReceiverSupervisor& supervisor_;
};

}  // namespace exec

}  // namespace millstream

#endif  // MILLSTREAM_EXEC_RECEIVER_H_
