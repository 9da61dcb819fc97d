#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "program.h"

namespace bise {
namespace {

// One clear sentence, nothing on stdout, exit code 2.
void expect_refused(const Outcome& outcome, const std::string& words) {
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

TEST(CommandLine, SaysItsVersionAndItsVerbs) {
  const Outcome version = run_bise({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.starts_with("bise 0.")) << version.out;
  const Outcome help = run_bise({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* verb : {"run", "list", "show", "bench", "score", "tokenize", "doctor"}) {
    EXPECT_NE(help.out.find(std::string("\n  ") + verb), std::string::npos) << verb;
    const Outcome own = run_bise({verb, "--help"});
    EXPECT_EQ(own.code, 0);
    EXPECT_NE(own.out.find("Usage: bise " + std::string(verb)), std::string::npos) << own.out;
    for (const std::string& text : {help.out, own.out}) {
      EXPECT_EQ(text.find('\033'), std::string::npos);
    }
  }
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
  expect_refused(run_bise({"frobnicate"}), "no verb \"frobnicate\"");
  expect_refused(run_bise({"show"}), "MODEL");
  expect_refused(run_bise({"run", "m", "p", "--top-p", "3"}), "--top-p");
  expect_refused(run_bise({"run", "m", "p", "--kv", "f17"}), "--kv");
  expect_refused(run_bise({"run", "nowhere/model.gguf", "p"}), "nowhere/model.gguf");
  expect_refused(run_bise({"show", kBabbler, "--layout", "v99"}), "v99");
  expect_refused(run_bise({"tokenize", kBabbler, "--chat", "--decode"}), "--decode");
}

TEST(CommandLine, SaysWhereAMissingModelWouldLie) {
  const TemporaryFolder home;
  const std::vector<std::string> environment = {"BISE_HOME=" + home.path()};
  expect_refused(run_bise({"run", "starter", "p"}, "", environment), "./run run starter");
  expect_refused(run_bise({}, "p", environment), "./run run starter");
  expect_refused(run_bise({"score", "mine", "--tokens", "x"}, "", environment),
                 home.path() + "/models/mine.gguf");
}

TEST(Run, AnswersOnStdoutAndNothingElse) {
  const Outcome once = run_bise({"run", kBabbler, "Hello", "--max-tokens", "20"});
  EXPECT_EQ(once.code, 0) << once.err;
  EXPECT_EQ(once.err, "");
  EXPECT_TRUE(once.out.ends_with('\n'));
  EXPECT_EQ(once.out.find('\033'), std::string::npos);
  // Greedy: the same each time; from stdin as from the argument.
  EXPECT_EQ(run_bise({"run", kBabbler, "--max-tokens", "20"}, "Hello\n").out, once.out);
  EXPECT_EQ(run_bise({"run", kBabbler, "-", "--max-tokens", "20"}, "Hello").out, once.out);
  EXPECT_EQ(run_bise({"run", kBabbler, "Hello", "--max-tokens", "20", "--threads", "1"}).out,
            once.out);
}

TEST(Run, SeedsRepeatAnswers) {
  const std::vector<std::string> arguments = {"run", kBabbler, "Hello",  "-n", "20",
                                              "-t",  "1.5",    "--seed", "7"};
  const Outcome first = run_bise(arguments);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(run_bise(arguments).out, first.out);
  std::vector<std::string> other = arguments;
  other.back() = "8";
  EXPECT_NE(run_bise(other).out, first.out);
}

TEST(Run, GivesJson) {
  const Outcome outcome = run_bise({"run", kBabbler, "Hello", "-n", "9", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto json = read_json(outcome.out);
  ASSERT_TRUE(json.ok()) << outcome.out;
  EXPECT_TRUE(json->find("text")->is_string());
  EXPECT_EQ(json->find("finish")->as_string(), "length");
  EXPECT_EQ(json->find("stats")->find("answer_tokens")->to_int64(), 9);
}

TEST(Run, EndsBeforeAStopSequence) {
  const std::string whole = run_bise({"run", kBabbler, "Hello", "-n", "30", "--raw"}).out;
  ASSERT_GT(whole.size(), 12U);
  const std::string stop = whole.substr(6, 4);
  const Outcome stopped = run_bise({"run", kBabbler, "Hello", "-n", "30", "--raw", "--stop", stop});
  EXPECT_EQ(stopped.code, 0);
  EXPECT_EQ(stopped.out, whole.substr(0, whole.find(stop)) + "\n");
}

TEST(Run, WritesStatsToStderr) {
  const Outcome outcome = run_bise({"run", kBabbler, "Hello", "-n", "5", "--stats"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("a second)"), std::string::npos);
  EXPECT_EQ(outcome.out.find("a second)"), std::string::npos);
}

TEST(Run, SaysWhenTheContextEnds) {
  const Outcome outcome = run_bise({"run", kBabbler, "Hello", "--context", "32"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.err.find("end of the context (32 tokens)"), std::string::npos) << outcome.err;
  expect_refused(run_bise({"run", kBabbler, std::string(3000, 'x'), "--context", "32"}),
                 "the context holds 32");
  expect_refused(run_bise({"run", kBabbler, "Hello", "--context", "1000"}), "256");
}

TEST(Run, RefusesModelsWithoutATokenizer) {
  expect_refused(run_bise({"run", "tests/golden/gguf/q4_k_m.gguf", "Hello"}), "tokenizer");
}

TEST(Run, SaysWhenStdoutIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string command =
      std::string(BISE_PROGRAM) + " run " + kBabbler + " Hello -n 3 > /dev/full 2> /dev/null";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 2);
}

TEST(Run, RefusesAnEmptyPrompt) {
  expect_refused(run_bise({"run", kBabbler}, ""), "stdin is empty");
}

TEST(Show, TellsTheSameAsTextAndAsJson) {
  const Outcome text = run_bise({"show", kBabbler});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("v13 (the file has the token [THINK])"), std::string::npos) << text.out;
  const Outcome outcome = run_bise({"show", kBabbler, "--json"});
  const auto json = read_json(outcome.out);
  ASSERT_TRUE(json.ok()) << outcome.out;
  EXPECT_EQ(json->find("vocab_size")->to_int64(), 2000);
  EXPECT_EQ(json->find("tokenizer")->find("layout")->as_string(), "v13");
  // Without a tokenizer too.
  EXPECT_EQ(run_bise({"show", "tests/golden/gguf/q4_k_m.gguf"}).code, 0);
}

TEST(Bench, KeepsTheFormOfItsJson) {
  const Outcome outcome =
      run_bise({"bench", "tests/golden/gguf/q4_k_m.gguf", "--prefill", "8,16", "--depth", "0,8",
                "--batch", "2", "--repeat", "3", "--kv", "q8", "--threads", "1", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto json = read_json(outcome.out);
  ASSERT_TRUE(json.ok()) << outcome.out;
  EXPECT_TRUE(json->find("machine")->is_object());
  const std::pair<const char*, const char*> kinds[] = {
      {"prefill", "tokens"}, {"decode", "depth"}, {"batch", "sequences"}};
  for (const auto& [kind, key] : kinds) {
    for (const Json& row : json->find(kind)->items()) {
      EXPECT_TRUE(row.find(key)->is_integer());
      EXPECT_EQ(row.find("kv")->as_string(), "q8");
      const double rate = *row.find("tokens_per_s")->to_double();
      const Json::Array& spread = row.find("spread")->items();
      ASSERT_EQ(spread.size(), 2U);
      EXPECT_LE(*spread[0].to_double(), rate);
      EXPECT_GE(*spread[1].to_double(), rate);
      EXPECT_GT(*spread[0].to_double(), 0);
    }
  }
  EXPECT_EQ(json->find("prefill")->items().size(), 2U);
  EXPECT_EQ(json->find("decode")->items().size(), 2U);
  EXPECT_EQ(json->find("batch")->items().size(), 1U);
}

TEST(Doctor, GivesJson) {
  const TemporaryFolder home;
  const Outcome outcome =
      run_bise({"doctor", "--json", "--no-measure"}, "", {"BISE_HOME=" + home.path()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto json = read_json(outcome.out);
  ASSERT_TRUE(json.ok()) << outcome.out;
  EXPECT_EQ(json->find("data_folder")->find("path")->as_string(), home.path());
  EXPECT_FALSE(json->find("kernels")->as_string().empty());
  const Outcome forced =
      run_bise({"doctor", "--json", "--no-measure"}, "", {"BISE_CPU_ISA=reference"});
  EXPECT_EQ(read_json(forced.out)->find("kernels")->as_string(), "reference");
}

TEST(List, NamesWhatIsInTheStore) {
  const TemporaryFolder home;
  const std::vector<std::string> environment = {"BISE_HOME=" + home.path()};
  EXPECT_NE(run_bise({"list"}, "", environment).out.find("No models"), std::string::npos);
  std::filesystem::create_directories(home.path() + "/models");
  std::filesystem::copy_file(kBabbler, home.path() + "/models/babbler.gguf");
  EXPECT_TRUE(run_bise({"list"}, "", environment).out.starts_with("babbler"));
  const auto json = read_json(run_bise({"list", "--json"}, "", environment).out);
  EXPECT_EQ(json->find("models")->items()[0].find("name")->as_string(), "babbler");
  // By its name, and without one the best there is.
  EXPECT_EQ(run_bise({"run", "babbler", "Hello", "-n", "5"}, "", environment).code, 0);
  EXPECT_EQ(run_bise({"run", "-n", "3"}, "Hello", environment).code, 0);
}

}  // namespace
}  // namespace bise
