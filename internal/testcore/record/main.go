// Record walks through the demo core in a terminal of tmux and writes what is seen
// as a recording that asciinema and its players show: asciicast version 2
// (https://docs.asciinema.org/manual/asciicast/v2/), one frame for each key.
//
//	go run ./internal/testcore/record [-o docs/demo.cast] GOHEAP CORE
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// step is keys as tmux names them, what the screen must say then, and how long a
// reader wants to look at it.
type step struct {
	keys  []string
	until string
	look  time.Duration
}

// walk is the way from the whole heap to the field that holds it, what a cut of it
// would free, who leaks goroutines, and what the rest looks like.
var walk = []step{
	{nil, "suspects (6)", 4 * time.Second},
	{[]string{"Enter"}, "▸ .blocks", 4 * time.Second},
	{[]string{"Enter"}, "▾ .blocks", 2 * time.Second},
	{[]string{"Down"}, "main.Block", 2 * time.Second},
	{[]string{"w"}, "why alive: main.Block", 4 * time.Second},
	{[]string{"j", "j", "j"}, "hop 4 of", time.Second},
	{[]string{"x"}, "would be freed", 4 * time.Second},
	{[]string{"6"}, "[6 Suspects]", 3 * time.Second},
	{[]string{"5"}, "main.notify", 3 * time.Second},
	{[]string{"Enter"}, "200 goroutines", 2 * time.Second},
	{[]string{"Enter"}, "Frame or variable", 3 * time.Second},
	{[]string{"3"}, "≥", 3 * time.Second},
	{[]string{"P"}, "Lead to", 3 * time.Second},
	{[]string{"8"}, "┌main.srv", 3 * time.Second},
	{[]string{"Enter"}, "Map >", 3 * time.Second},
	{[]string{"="}, "objects for which", time.Second},
	{[]string{`retained > 4KiB && type contains "Block"`}, "Block", 2 * time.Second},
	{[]string{"Enter"}, "[7 Search]", 4 * time.Second},
	{[]string{"?"}, "THE SELECTED ROW", 4 * time.Second},
}

const width, height = 120, 34

func main() {
	out := flag.String("o", "docs/demo.cast", "write the recording to this file")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: record [-o FILE] GOHEAP CORE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := record(*out, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func record(out, goheap, core string) error {
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := terminal{filepath.Join(dir, "socket")}
	if goheap, err = filepath.Abs(goheap); err != nil {
		return err
	}
	if core, err = filepath.Abs(core); err != nil {
		return err
	}
	// Bookmarks of whoever records do not belong into the recording.
	command := fmt.Sprintf("env -u TMUX -u NO_COLOR TERM=screen-256color XDG_STATE_HOME=%s %s %s", dir, goheap, core)
	if _, err := t.do("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(width), "-y", fmt.Sprint(height), command); err != nil {
		return err
	}
	defer t.do("kill-server")
	var frames []frame
	at := time.Duration(0)
	for _, s := range walk {
		for _, key := range s.keys {
			if _, err := t.do("send-keys", "--", key); err != nil {
				return err
			}
		}
		screen, err := t.wait(s.until)
		if err != nil {
			return err
		}
		frames = append(frames, frame{at, hidePaths(screen, core)})
		at += s.look
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := write(f, append(frames, frame{at, ""})); err != nil {
		return err
	}
	return f.Close()
}

// frame is a whole screen, with the escapes of its attributes, from a time on.
type frame struct {
	at     time.Duration
	screen string
}

// hidePaths takes away where the files of whoever records are.
func hidePaths(screen, core string) string {
	cache := filepath.Dir(filepath.Dir(core))
	return strings.ReplaceAll(screen, cache+string(filepath.Separator), "")
}

// write writes frames: of each the lines that differ from the one before.
func write(w io.Writer, frames []frame) error {
	out := bufio.NewWriter(w)
	line := func(v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.Write(append(data, '\n'))
		return nil
	}
	if err := line(map[string]any{"version": 2, "width": width, "height": height, "title": "goheap: what keeps this memory alive?"}); err != nil {
		return err
	}
	var shown []string
	for i, f := range frames {
		text := ""
		if i == 0 {
			text = "\x1b[?25l\x1b[2J"
		}
		lines := strings.Split(strings.TrimRight(f.screen, "\n"), "\n")
		for y, l := range lines {
			if i == 0 || y >= len(shown) || shown[y] != l {
				text += fmt.Sprintf("\x1b[%d;1H\x1b[0m\x1b[2K%s\x1b[0m", y+1, l)
			}
		}
		if f.screen == "" {
			text = "" // the end
		} else {
			shown = lines
		}
		if err := line([]any{f.at.Seconds(), "o", text}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// terminal is a tmux server with one window.
type terminal struct{ socket string }

func (t terminal) do(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("tmux %s: %w: %s", args[0], err, out)
	}
	return string(out), nil
}

// wait returns the screen once it holds a text and has come to rest.
func (t terminal) wait(text string) (string, error) {
	const pause = 100 * time.Millisecond
	last := ""
	for range 600 {
		time.Sleep(pause)
		screen, err := t.do("capture-pane", "-p", "-e")
		if err != nil {
			return "", err
		}
		if plain, err := t.do("capture-pane", "-p"); err == nil && strings.Contains(plain, text) && screen == last && !strings.Contains(plain, "(esc stops)") {
			return screen, nil
		}
		last = screen
	}
	return "", fmt.Errorf("%q does not come:\n%s", text, last)
}
