package program

import (
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"goheap/gocore/internal/symbols"
)

// A stripped program is built again, by who has its sources, with the flags that it
// carries, but -s and -w: see Rebuild.

// Rebuild returns the command line that builds a twin of an executable, and what has to
// be so for it to become one, "" for nothing. The command is "" where the executable does
// not say how it was built.
//
// The linker's flags stand in the data of the program: each -s and -w becomes -f, which
// is as long, and without effect on packages of one toolchain (cmd/link, "ignore version
// mismatch").
func Rebuild(f *symbols.File, path string) (command, provided string) {
	text := f.BuildText()
	if text == "" {
		return "", ""
	}
	info, err := debug.ParseBuildInfo(text)
	if err != nil {
		return "", ""
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	var words []string
	version, experiments, _ := strings.Cut(f.GoVersion, " ")
	if strings.HasPrefix(version, "go1.") && !strings.Contains(version, "-") {
		words = append(words, "GOTOOLCHAIN="+version)
	}
	if _, names, ok := strings.Cut(experiments, "X:"); ok && set["GOEXPERIMENT"] == "" {
		words = append(words, "GOEXPERIMENT="+shellWord(names))
	}
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "GO") && s.Key == strings.ToUpper(s.Key) || strings.HasPrefix(s.Key, "CGO_") && s.Value != "" {
			words = append(words, s.Key+"="+shellWord(s.Value))
		}
	}
	// A module of some version is built from the module cache, or from a checkout of
	// which the go command has told the version (Go 1.24), beside its revision.
	module := info.Main.Version != "" && info.Main.Version != "(devel)" && set["vcs.revision"] == ""
	verb := "build"
	if module {
		verb = "install"
	}
	words = append(words, "go", verb)
	if set["vcs"] == "" && !module {
		words = append(words, "-buildvcs=false")
	}
	for _, s := range info.Settings {
		switch {
		case !strings.HasPrefix(s.Key, "-") || s.Key == "-compiler":
		case s.Key == "-buildmode" && s.Value == "exe":
		case s.Key == "-ldflags":
			words = append(words, "-ldflags="+shellWord(unstripped(s.Value)))
		case s.Value == "true":
			words = append(words, s.Key)
		default:
			words = append(words, s.Key+"="+shellWord(s.Value))
		}
	}
	main := info.Path
	switch {
	case main == "command-line-arguments":
		main = "FILE.go..."
	case module:
		main += "@" + info.Main.Version
	}
	if !module {
		words = append(words, "-o", shellWord(filepath.Base(path)+".twin"))
	}
	return strings.Join(append(words, main), " "), strings.Join(conditions(f.GoVersion, set, info.Path), "; ")
}

// conditions say what the sources and the flags must be for a command to build a twin.
func conditions(version string, set map[string]string, main string) (list []string) {
	if rev := set["vcs.revision"]; rev != "" {
		list = append(list, "check out revision "+rev)
		if set["vcs.modified"] == "true" {
			list = append(list, "it was built with changes to that revision, which are needed too")
		}
	}
	if _, ok := set["-ldflags"]; !ok && set["-trimpath"] == "true" {
		list = append(list, "-trimpath keeps -ldflags out of the program: add those that it was built with, without -s and -w, and with values of -X of the same length")
	}
	if set["CGO_ENABLED"] == "1" {
		list = append(list, "C code needs the same C compiler and libraries")
	}
	if set["-trimpath"] != "true" {
		list = append(list, "without -trimpath the sources must lie in the folder they were built in")
	}
	if main == "command-line-arguments" {
		list = append(list, "it was built of files, which are to be named in the same order")
	}
	if !strings.HasPrefix(version, "go1.") || strings.Contains(version, "-") {
		list = append(list, "build it with "+version)
	}
	return list
}

// unstripped returns flags of Go's linker with each that drops names or DWARF replaced
// by one as long that has no effect.
func unstripped(flags string) string {
	var b strings.Builder
	quote, external := byte(0), false
	for len(flags) > 0 {
		// A word ends at a space that is not quoted (cmd/internal/quoted, Split).
		end := 0
		for ; end < len(flags); end++ {
			c := flags[end]
			if quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0 {
				break
			}
			switch {
			case quote == 0 && (c == '\'' || c == '"') && end == 0:
				quote = c
			case quote == c:
				quote = 0
			}
		}
		word := flags[:end]
		switch name, value, given := strings.Cut(strings.TrimPrefix(word, "-"), "="); {
		case external, strings.HasPrefix(strings.TrimLeft(word, `'"-`), "extldflags="):
			word = externalUnstripped(word)
			external = false
		case !strings.HasPrefix(word, "-"):
		case strings.TrimPrefix(name, "-") == "extldflags" && !given:
			external = true
		case slices.Contains([]string{"s", "w", "-s", "-w"}, name) && (!given || slices.Contains([]string{"1", "t", "T", "true", "TRUE", "True"}, value)):
			i := strings.IndexAny(word, "sw")
			word = word[:i] + "f" + word[i+1:]
		}
		b.WriteString(word)
		flags = flags[end:]
		for len(flags) > 0 && strings.IndexByte(" \t\r\n", flags[0]) >= 0 {
			b.WriteByte(flags[0])
			flags = flags[1:]
		}
	}
	return b.String()
}

// externalUnstripped does so with the flags of a C compiler that links: -g has no effect
// there.
func externalUnstripped(flags string) string {
	bare := func(s string) string { return strings.Trim(s, `'"`) }
	words := strings.SplitAfter(flags, " ")
	for i, w := range words {
		name := bare(strings.TrimSpace(w))
		if _, after, ok := strings.Cut(name, "extldflags="); ok {
			name = bare(after)
		}
		if name == "-s" {
			words[i] = strings.Replace(w, "-s", "-g", 1)
		}
	}
	return strings.Join(words, "")
}

// shellWord returns s as one word of a command line for a shell.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%_+=:,./-", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// howToRebuild is the advice, for the end of a sentence, to build a twin of x.
func (x *Executable) howToRebuild() string {
	command, provided := Rebuild(x.File, x.Path)
	if command == "" {
		return "an unstripped build of the same program (with the same flags, -s and -w each replaced by -f)"
	}
	// The text is the executable's: nothing of it may end the line.
	advice := "an unstripped build of the same sources, made by: " + command
	if provided != "" {
		advice += " (" + provided + ")"
	}
	return fmt.Sprint(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, advice))
}
