// RE2 behind its C door. A pattern is rewritten before it is compiled: RE2's \w, \d and \s know ASCII only, it has no
// flag x, and its older versions spell named groups (?P<name>...) only.
#include "regex_re2.h"

#include <re2/re2.h>

#include <cstdio>
#include <map>
#include <new>
#include <string>
#include <vector>

struct ChRegex {
    explicit ChRegex(const std::string &pattern, const RE2::Options &options) : re(pattern, options) {}
    RE2 re;
    std::vector<std::string> names; // of group i; empty: none
};

namespace {

const char kWord[] = "\\pL\\pM\\p{Nd}\\p{Pc}";
const char kDigit[] = "\\p{Nd}";
const char kSpace[] = "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

// The class that \w, \d, \s (or \W ...) stands for; empty for other letters, and for negated ones inside a class.
std::string perl_class(char letter, bool in_class) {
    const char *members = letter == 'w' || letter == 'W'   ? kWord
                          : letter == 'd' || letter == 'D' ? kDigit
                          : letter == 's' || letter == 'S' ? kSpace
                                                           : nullptr;
    if (!members) return "";
    bool is_negated = letter < 'a';
    if (in_class) return is_negated ? "" : members;
    return std::string(is_negated ? "[^" : "[") + members + "]";
}

std::string rewrite(const std::string &pattern, bool skip_space) {
    std::string out;
    bool in_class = false;
    size_t class_start = 0;
    for (size_t i = 0; i < pattern.size(); i++) {
        char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size()) {
            std::string replaced = perl_class(pattern[i + 1], in_class);
            if (!replaced.empty())
                out += replaced;
            else
                out.append(pattern, i, 2);
            i++;
        } else if (in_class) {
            bool is_first = i == class_start + 1 || (i == class_start + 2 && pattern[class_start + 1] == '^');
            if (c == ']' && !is_first) in_class = false;
            out += c;
        } else if (c == '[') {
            in_class = true;
            class_start = i;
            out += c;
        } else if (skip_space && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            continue;
        } else if (skip_space && c == '#') {
            while (i < pattern.size() && pattern[i] != '\n') i++;
        } else if (c == '(' && pattern.compare(i, 3, "(?<") == 0 && i + 3 < pattern.size() && pattern[i + 3] != '=' &&
                   pattern[i + 3] != '!') {
            out += "(?P<";
            i += 2;
        } else {
            out += c;
        }
    }
    return out;
}

// The pattern, a caret under what is wrong, and why.
void explain(const RE2 &re, const std::string &pattern, char *why, size_t why_size) {
    std::string part = re.error_arg(), reason;
    switch (re.error_code()) {
    case RE2::ErrorMissingParen: reason = "unclosed group"; break;
    case RE2::ErrorUnexpectedParen: reason = "unopened group"; break;
    case RE2::ErrorMissingBracket: reason = "unclosed character class"; break;
    case RE2::ErrorTrailingBackslash:
        reason = "incomplete escape sequence, reached end of pattern prematurely";
        part = "\\";
        break;
    case RE2::ErrorRepeatArgument:
    case RE2::ErrorRepeatOp: reason = "repetition operator missing expression"; break;
    case RE2::ErrorRepeatSize: reason = "invalid repetition count range"; break;
    case RE2::ErrorBadCharRange: reason = "invalid character class range, the start must be <= the end"; break;
    case RE2::ErrorBadCharClass: reason = "unrecognized escape sequence"; break;
    case RE2::ErrorBadEscape: {
        bool is_reference = part.size() > 1 && part[1] >= '1' && part[1] <= '9';
        reason = is_reference ? "backreferences are not supported" : "unrecognized escape sequence";
        break;
    }
    case RE2::ErrorBadNamedCapture: reason = "invalid capture group name"; break;
    case RE2::ErrorPatternTooLarge: reason = "the compiled expression is too large"; break;
    default: reason = re.error(); break;
    }
    if (part.compare(0, 3, "(?=") == 0 || part.compare(0, 3, "(?!") == 0 || part.compare(0, 4, "(?<=") == 0 ||
        part.compare(0, 4, "(?<!") == 0)
        reason = "look-around, including look-ahead and look-behind, is not supported";
    size_t at = re.error_code() == RE2::ErrorMissingParen ? pattern.find('(') : pattern.find(part);
    if (at == std::string::npos) at = 0;
    std::snprintf(why, why_size, "%*s^\nerror: %s", static_cast<int>(at < 200 ? at : 200) + 4, "", reason.c_str());
}

} // namespace

extern "C" {

ChRegex *ch__regex_new(const char *pattern, size_t length, const char *flags, char *why, size_t why_size) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(CH_REGEX_MEMORY_MAX);
    std::string prefix;
    bool skip_space = false;
    for (const char *flag = flags; *flag; flag++) {
        if (*flag == 'x')
            skip_space = true;
        else
            prefix += *flag;
    }
    std::string text = rewrite(std::string(pattern, length), skip_space);
    if (!prefix.empty()) text = "(?" + prefix + ")" + text;
    ChRegex *regex = new (std::nothrow) ChRegex(text, options);
    if (!regex) {
        std::snprintf(why, why_size, "out of memory");
        return nullptr;
    }
    if (!regex->re.ok()) {
        explain(regex->re, std::string(pattern, length), why, why_size);
        delete regex;
        return nullptr;
    }
    regex->names.resize(static_cast<size_t>(regex->re.NumberOfCapturingGroups()) + 1);
    for (const auto &group : regex->re.CapturingGroupNames()) regex->names[static_cast<size_t>(group.first)] = group.second;
    return regex;
}

void ch__regex_free(ChRegex *regex) { delete regex; }

unsigned ch__regex_group_count(const ChRegex *regex) {
    return static_cast<unsigned>(regex->re.NumberOfCapturingGroups());
}

const char *ch__regex_group_name(const ChRegex *regex, unsigned i) {
    if (i >= regex->names.size() || regex->names[i].empty()) return nullptr;
    return regex->names[i].c_str();
}

bool ch__regex_find(const ChRegex *regex, const char *text, size_t length, size_t from, ChRegexSpan *spans,
                    unsigned count) {
    re2::StringPiece groups[CH_REGEX_GROUPS_MAX + 1];
    if (count > CH_REGEX_GROUPS_MAX + 1) count = CH_REGEX_GROUPS_MAX + 1;
    re2::StringPiece whole(text, length);
    if (!regex->re.Match(whole, from, length, RE2::UNANCHORED, groups, static_cast<int>(count))) return false;
    for (unsigned i = 0; i < count; i++) {
        if (groups[i].data() == nullptr) {
            spans[i].start = spans[i].end = -1;
            continue;
        }
        spans[i].start = groups[i].data() - text;
        spans[i].end = spans[i].start + static_cast<long>(groups[i].size());
    }
    return true;
}

} // extern "C"
