#include <millstream/exec/operator.h>

#include <atomic>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "common/exec/row_memory.h"

namespace millstream::exec {
namespace {

// What consumed text is overwritten with in the test kit: a byte that no UTF-8 text holds.
constexpr char kPoison = '\xF5';

class Overwrite : public TextVisitor {
 public:
  void VisitString(char* text, size_t size) override { std::memset(text, kPoison, size); }
  void VisitView(const char*, size_t) override {}
};

// Throws if a text is consumed.
class RefusePoison : public TextVisitor {
 public:
  explicit RefusePoison(const char* operation) : operation_(operation) {}

  void VisitString(char* text, size_t size) override { VisitView(text, size); }
  void VisitView(const char* text, size_t size) override {
    if (size == 0) return;
    for (size_t i = 0; i < size; ++i) {
      if (text[i] != kPoison) return;
    }
    throw TaskError(
        absl::FailedPreconditionError(std::string(operation_) +
                                      " yields a view of a row that was consumed before. A std::string_view "
                                      "is valid until the next row is read: keep a std::string"));
  }

 private:
  const char* const operation_;
};

}  // namespace

// The test kit's copies of chunks, in memory of their own whose text is overwritten when the chunk has been
// consumed and freed only with the task: a view that was kept then reads poison.
class PoisonedChunks {
 public:
  explicit PoisonedChunks(const RowType& type) : type_(type) {}

  Chunk CopyOf(const Chunk& chunk) {
    Consume();
    Encoder scratch;
    std::string text;
    ForEachEncodedRow(type_, chunk, scratch, [&text](std::string_view row) { text += row; });
    auto copy = std::make_unique<Copy>(type_, chunk.count, std::move(text));
    Decoder decoder(copy->text);
    if (!copy->rows.Decode(decoder) || !decoder.empty())
      throw TaskError(absl::InternalError("a row does not decode as it was encoded"));
    copies_.push_back(std::move(copy));
    return copies_.back()->rows.chunk();
  }

  // Overwrites the text of the last copy.
  void Consume() {
    if (copies_.empty()) return;
    Copy& last = *copies_.back();
    std::memset(last.text.data(), kPoison, last.text.size());
    Overwrite overwrite;
    const Chunk rows = last.rows.chunk();
    if (type_.visit_texts != nullptr) type_.visit_texts(rows.rows, rows.count, overwrite);
  }

 private:
  struct Copy {
    Copy(const RowType& type, size_t count, std::string bytes) : text(std::move(bytes)), rows(type, count) {}
    std::string text;
    RowMemory rows;
  };

  const RowType& type_;
  std::vector<std::unique_ptr<Copy>> copies_;
};

UntypedOperator::UntypedOperator(KernelArgs& args, const RowType& rows)
    : env_(*args.env), operation_(args.operation), rows_(rows), input_(std::move(args.inputs.at(0))) {}

UntypedOperator::~UntypedOperator() = default;

bool UntypedOperator::Pull(Chunk& chunk) {
  const bool more = input_->Next(chunk);
  env_.operation = operation_;
  if (!more) {
    if (poisoned_ != nullptr) poisoned_->Consume();
    return false;
  }
  if (env_.cancelled != nullptr && env_.cancelled->load(std::memory_order_relaxed)) [[unlikely]] {
    throw TaskError(absl::CancelledError("the task was cancelled"));
  }
  if (env_.poison) [[unlikely]] {
    if (poisoned_ == nullptr) poisoned_ = std::make_unique<PoisonedChunks>(rows_);
    chunk = poisoned_->CopyOf(chunk);
  }
  return true;
}

void UntypedOperator::RefuseKeptViews(const Chunk& output, const RowType& type) const {
  RefusePoison refuse(operation_);
  if (type.visit_texts != nullptr) type.visit_texts(output.rows, output.count, refuse);
}

}  // namespace millstream::exec
