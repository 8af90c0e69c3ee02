//===- Progress.cpp - How far a training is -------------------------------===//

#include "tools/tgc-run/Progress.h"
#include "llvm/Support/Format.h"

using llvm::format;
using llvm::raw_string_ostream;

namespace tgc {

static constexpr int64_t kBarWidth = 24;

std::string metricsText(llvm::ArrayRef<Metric> metrics) {
  std::string text;
  raw_string_ostream stream(text);
  for (const Metric &metric : metrics)
    stream << (text.empty() ? "" : " ") << metric.name << ' ' << format("%.6g", metric.value);
  return text;
}

Progress::Progress(llvm::raw_ostream &out, int64_t numEpochs, int64_t stepsPerEpoch, int64_t logEvery)
    : out(out), numEpochs(numEpochs), stepsPerEpoch(stepsPerEpoch), logEvery(logEvery),
      isTerminal(out.is_displayed()) {}

std::string Progress::rate() const {
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::string text;
  raw_string_ostream(text) << format("%.0f", static_cast<double>(numExamples) / std::max(seconds, 1e-9))
                           << " examples/s";
  return text;
}

/// "1:02:03", or "2:03".
std::string Progress::timeLeft(int64_t epoch, int64_t stepOfEpoch) const {
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  int64_t left = (numEpochs - epoch + 1) * stepsPerEpoch - stepOfEpoch;
  int64_t total = static_cast<int64_t>(seconds / static_cast<double>(numSteps) * static_cast<double>(left));
  std::string text;
  raw_string_ostream stream(text);
  if (total >= 3600)
    stream << total / 3600 << ':' << format("%02d", static_cast<int>(total / 60 % 60));
  else
    stream << total / 60;
  stream << ':' << format("%02d", static_cast<int>(total % 60));
  return text;
}

void Progress::step(int64_t step, int64_t epoch, int64_t stepOfEpoch, int64_t count,
                    llvm::ArrayRef<Metric> metrics) {
  ++numSteps;
  numExamples += count;
  bool isLast = stepOfEpoch == stepsPerEpoch;
  if (isTerminal) {
    if (!isLast && Clock::now() - drawn < std::chrono::milliseconds(100))
      return;
    drawn = Clock::now();
    int64_t filled = kBarWidth * stepOfEpoch / stepsPerEpoch;
    out << "\repoch " << epoch << '/' << numEpochs << " [" << std::string(filled, '=')
        << std::string(kBarWidth - filled, ' ') << "] " << stepOfEpoch << '/' << stepsPerEpoch << ' '
        << metricsText(metrics) << ' ' << rate() << ", " << timeLeft(epoch, stepOfEpoch) << " left\033[K";
    out.flush();
    return;
  }
  if (step % logEvery == 0)
    out << "step " << step << " epoch " << epoch << '/' << numEpochs << ' ' << metricsText(metrics) << ", "
        << rate() << ", " << timeLeft(epoch, stepOfEpoch) << " left\n";
}

void Progress::line(const std::string &text) {
  out << (isTerminal ? "\r\033[K" : "") << text << '\n';
  out.flush();
}

} // namespace tgc
