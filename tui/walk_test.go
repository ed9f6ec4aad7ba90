package tui

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/gocore"
)

// Whatever is pressed on a screen of whatever size: no panic, nothing outside
// the printable on the screen, and no more cells made than are visible.
func TestRandomKeys(t *testing.T) {
	t.Chdir(t.TempDir()) // for bookmarks and exported rows
	s := snapshot(t, blockstore(1200, 60))
	runes := []rune("123456789jkhlgGwidtTfauU/:sS[]yYpq?-=xX n0mMbBcCePFzZ<>'rD")
	codes := []tcell.Key{tcell.KeyEnter, tcell.KeyEscape, tcell.KeyTab, tcell.KeyBacktab, tcell.KeyUp, tcell.KeyDown, tcell.KeyLeft,
		tcell.KeyRight, tcell.KeyPgDn, tcell.KeyPgUp, tcell.KeyHome, tcell.KeyEnd, tcell.KeyCtrlD, tcell.KeyCtrlU, tcell.KeyCtrlF, tcell.KeyCtrlB, tcell.KeyF1}
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			tm := newTerminal(t, s, 80, 24, Options{ASCII: seed%2 == 1})
			var pressed []string
			defer func() {
				if v := recover(); v != nil {
					t.Fatalf("%v after %s\n%s", v, strings.Join(pressed, " "), debug.Stack())
				}
			}()
			for range 250 {
				w, h := 0, 0
				if r.IntN(8) == 0 {
					w, h = 20+r.IntN(181), 5+r.IntN(56)
					tm.scr.SetSize(w, h)
					tm.draw()
				}
				ev := tcell.NewEventKey(codes[r.IntN(len(codes))], 0, 0)
				if r.IntN(2) == 0 {
					ev = tcell.NewEventKey(tcell.KeyRune, runes[r.IntN(len(runes))], 0)
				}
				pressed = append(pressed, keyOf(ev).String())
				if len(pressed) > 40 {
					pressed = pressed[1:]
				}
				var before int
				var body *grid
				if tm.app.top() != nil {
					body = tm.app.top().grid()
					before = body.fetched
				}
				tm.event(ev)
				w, h = tm.scr.Size()
				// A key draws once; opening the same view anew draws its
				// window again.
				if after := tm.app.top().grid(); after == body && body.rows != nil && body.fetched-before > 2*h*len(body.rows.columns()) {
					t.Fatalf("%d cells for one key on %dx%d after %s", body.fetched-before, w, h, strings.Join(pressed, " "))
				}
				if tm.app.asked { // q on the first view
					tm = newTerminal(t, s, 80, 24, Options{})
				}
			}
			tm.text()
		})
	}
}

// What a dump says reaches the screen as text: no control character, no style.
func TestHostileNames(t *testing.T) {
	s := snapshot(t, blockstore(10, 2))
	for _, keys := range [][]string{{"3", "/evil"}, {"3/evil", "enter", "enter", "enter"}, {"p"}, {"3/evil", "enter", "w"}} {
		tm := newTerminal(t, s, 120, 30, Options{}).press(keys...)
		tm.has(`evil\x1b[31m\u202e[red::b]x[::u][:::https://a.b]\x00日本`)
		cells, _, _ := tm.scr.GetContents()
		for _, c := range cells {
			fg, bg, _ := c.Style.Decompose()
			if fg != tcell.ColorDefault || bg != tcell.ColorDefault {
				t.Errorf("%v: a cell %q has a colour", keys, string(c.Runes))
			}
			for _, r := range c.Runes {
				if r < ' ' || r == 0x7f || r == 0x202e {
					t.Errorf("%v: control character %#x on the screen", keys, r)
				}
			}
			if len(c.Runes) > 1+marksPerCell {
				t.Errorf("%v: %d runes in one cell", keys, len(c.Runes))
			}
		}
	}
}

// A list of a hundred thousand objects dominates itself in a chain.
func TestDeepChain(t *testing.T) {
	f := blockstore(1, 100_000)
	s := snapshot(t, f)
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press(":", fmt.Sprintf("0x%x", f.Addr(f.Node["list99999"])), "enter")
	tm.has(".next ×99,998", "retains 32 B")
	tm.press("d").has("more than 5,000 dominators deep")
	tm.press("-", ":", fmt.Sprintf("0x%x", f.Addr(f.Node["list40"])), "enter", "d")
	tm.has("(+29)", "depth 42")
}

func TestWalk(t *testing.T) {
	s := snapshot(t, blockstore(2500, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.has("main.srv.storage.(*main.memStorage).blocks", "held jointly by main.srv.storage.")
	tm.press("enter").has("[2 Dom]", "▾ main.srv", "▸ .storage").selected("main.srv")
	tm.press("j", "enter", "j").selected("▸ .blocks").press("enter")
	more := 3 + childStep // under main.srv, .storage, .blocks and the first thousand
	tm.app.top().grid().selectRow(more)
	tm.press("k", "j").has("~ 1,000 more (enter loads 1,000)", "no object selected")
	tm.press("enter").has("[1249]", "[1251]")
	if strings.Contains(tm.text(), "more (enter") {
		t.Errorf("all are loaded:\n%s", tm.text())
	}
	tm.press("h").has("▾ .blocks  []*main.Block")
	tm.press("h").has("▸ .blocks  []*main.Block")
	tm.press("/jointly", "enter", "enter").has("▾ 500 × main.Block")
	tm.press("esc", "j", "d").has("▸ main.Block")
}

func TestFilterAndSort(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press("3/block", "enter").has("main.Block", "filter: block", "(of ")
	if strings.Contains(tm.text(), "main.logger") {
		t.Errorf("the filter shows other types:\n%s", tm.text())
	}
	tm.press("/", "esc").has("main.logger")
	tm.press("//^main.lo", "enter").has("main.logger", "row 1 of 1")
	tm.press("esc", "/(", "enter").has("no row has (")
	tm.press("esc", "//(", "enter").has("filter: error parsing regexp")
	tm.press("esc").has("main.logger")
	tm.press("s").has("sorted by share, descending")
	tm.press("S").has("sorted by share, ascending")
	tm.press("sss").has("sorted by type, ascending")
	if text := tm.text(); strings.Index(text, "[]uint8") > strings.Index(text, "main.node") {
		t.Errorf("not sorted by type:\n%s", text)
	}
	// The selection stays on its row.
	tm.press("4/history", "enter", "esc").selected("main.history")
}

func TestHistory(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press("3", "enter", "5").has("[5 Gor]")
	tm.press("alt-left").has("Types > []uint8")
	tm.press("-").has("[3 Types]")
	tm.press("alt-right", "alt-right").has("[5 Gor]")
	tm.press("alt-right").has("there is nothing after")
	tm.press("esc").has("first view")
}

func TestPathsStep(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press("3/Block", "enter", "enter").has(`main.index["block0"]`, "path 1 of 2")
	tm.press("]").has("main.srv.storage.(*main.memStorage).blocks[0]", "path 2 of 2")
	tm.press("]").has("path 1 of 2")
	tm.press("[").has("path 2 of 2")
	tm.press("w").has("why alive: main.Block", "path 2 of 2", ".storage.(*main.memStorage)")
	tm.press("jj").press("i").has("main.memStorage", "[Fields]")
}

func TestCopy(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press("Y").has("copied main.srv")
	if got := string(tm.scr.GetClipboardData()); got != "main.srv" {
		t.Errorf("the clipboard has %q", got)
	}
	tm.press("4y").has("copied 0x1a3f2c0")
}

func TestGoTo(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press(":type:main.logger", "enter").has("main.logger", "[Fields]")
	tm.press(":main.nosuch", "enter").has("nothing is called main.nosuch")
	tm.press(":goroutine 20 main.(*server).watch", "enter").has("created by", "buf")
	tm.press(":", "0xc000008000", "enter").has("garbage: no root reaches it", "Nothing: no root reaches it.")
}

func TestTooSmall(t *testing.T) {
	s := snapshot(t, blockstore(4, 3))
	newTerminal(t, s, 59, 15, Options{}).has("terminal too small (60x15 needed)")
}

func TestQuit(t *testing.T) {
	s := snapshot(t, blockstore(4, 3))
	for _, c := range []struct {
		seconds int
		keys    []string
		quits   bool
	}{
		{0, []string{"q"}, true},
		{0, []string{"3", "enter", "q"}, false},
		{0, []string{"3", "enter", "qq"}, true},
		{10, []string{"q"}, false},
		{10, []string{"qy"}, true},
		{10, []string{"qn"}, false},
		{10, []string{"ctrl-c"}, false},
		{10, []string{"ctrl-c", "j", "ctrl-c"}, false},
		{10, []string{"ctrl-c", "ctrl-c"}, true},
	} {
		tm := newTerminal(t, s, 80, 24, Options{})
		tm.app.loadFor = time.Duration(c.seconds) * time.Second
		tm.press(c.keys...)
		if tm.app.asked != c.quits {
			t.Errorf("%v after loading for %d s: quit %v", c.keys, c.seconds, tm.app.asked)
		}
	}
}

// A map is one hop and its parts are one type, until a key shows each of them.
func TestRawHops(t *testing.T) {
	f := &fake{}
	f.root("global", "main.m", "map[string]*main.T", 0x1000, fakeEdge{"", "header"})
	f.object("header", "map[string]*main.T", 48, fakeEdge{".dirPtr", "tables"})
	f.object("tables", "[]*table<string,*main.T>", 16, fakeEdge{"[0]", "table"})
	f.object("table", "table<string,*main.T>", 32, fakeEdge{`["key"]`, "value"})
	f.object("value", "main.T", 4096)
	s := snapshot(t, f.build())
	physical := []string{".dirPtr", "[0]", "[]*table<string,*main.T>", "raw hops"}
	value := []string{":", fmt.Sprintf("0x%x", f.Addr(f.Node["value"])), "enter"}

	tm := newTerminal(t, s, 120, 40, Options{}).press(value...)
	tm.has("main.m", `["key"]`, "main.T").hasNot(physical[:3]...)
	tm.press("r").has(physical...).has(`["key"]`, "shown with their parts")
	tm.press("j").hasNot("shown with their parts")
	tm.press("r").hasNot(physical[:3]...)

	// On the whole screen, with the selection on its hop.
	tm.press("w", "jj").has(`["key"]`).selected(`["key"]`)
	tm.press("r").has(".dirPtr").selected(`["key"]`)
	tm.press("k", "k").selected(".dirPtr")
	tm.press("r").selected(`["key"]`) // what was selected is gone

	// The list of types follows, whichever view is on top.
	tm = newTerminal(t, s, 120, 40, Options{}).press("3").has("map[string]*main.T (insides)").hasNot("table<")
	tm.press("/insides", "enter", "enter").has("[]*table<string,*main.T>").press("esc")
	tm.press("esc", "r").has(" 1 table<string,*main.T>", "[]*table<string,*main.T>").hasNot("(insides)")
	tm.press("1", "r", "3").has("(insides)").hasNot("table<")
	newTerminal(t, s, 120, 40, Options{Physical: true}).press("3").has("[]*table<string,*main.T>").hasNot("(insides)")
}

// A table of some of the goroutines knows which of them a row is about.
func TestMembers(t *testing.T) {
	f := &fake{}
	for i := range 6 {
		fn := []string{"main.large", "main.small"}[i%2]
		name := fmt.Sprintf("goroutine %d", i)
		f.root("goroutine", name, "", 0, fakeEdge{" buf", fmt.Sprint("buf", i)})
		f.object(fmt.Sprint("buf", i), "[]uint8", uint64(4096-1024*(i%2)))
		f.Running = append(f.Running, gocore.Goroutine{ID: uint64(i), Func: fn, Status: "waiting"})
		f.Stacks = append(f.Stacks, []gocore.Frame{{Func: fn}})
	}
	f.build()
	for i := range f.Running {
		f.Running[i].Node = f.Node[fmt.Sprint("goroutine ", i)]
	}
	tm := newTerminal(t, snapshot(t, f), 100, 30, Options{}).press("5").has("main.large", "main.small")
	for _, id := range []string{"1", "3", "5"} {
		tm.press("5", "g", "j", "enter").has("> 3 goroutines").press(strings.Repeat("j", int(id[0]-'1')/2))
		tm.has("Why alive: goroutine " + id).press("enter").has("goroutine " + id + " main.small")
	}
}

// Lists of instances show their values.
func TestPreview(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	newTerminal(t, s, 120, 30, Options{}).press("3/logger", "enter", "enter").has("Value", "{created: 1772360527}")
	tm := newTerminal(t, s, 160, 30, Options{}).press("3/Block", "enter", "enter").has("{created: 1772360527, .data:")
	tm.press("/created", "enter").has("row 1 of 40")
}

// Each step of the tour that is skipped is done: the screen moves on with it.
func TestTourMoves(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 120, 40, Options{Tour: true}).has("step 1 of 5")
	tm.press("n").has("step 2 of 5", "[2 Dominators]").press("n").has("step 3 of 5", "why alive")
	tm.press("n").has("step 4 of 5", "would be freed").press("n").has("step 5 of 5", "[5 Goroutines]")
	tm.press("n").has("That was the tour", "Frame or variable").press("n").hasNot("Tour")
}

// The keys up and down bring earlier answers back.
func TestPromptHistory(t *testing.T) {
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 100, 30, Options{})
	tm.press("3/Block", "enter", "/", "esc").press("/", "up").has("filter: Block").press("enter").has("main.Block").hasNot("main.logger")
	tm.press("=retained > 1", "enter").press("=retained > 2", "enter").press("=", "up", "up").has("objects for which: retained > 1")
	tm.press("down").has("objects for which: retained > 2").press("down").hasNot("for which: retained").press("esc")
}

// A row is copied as it is shown, and its rows are written for programs.
func TestExport(t *testing.T) {
	t.Chdir(t.TempDir())
	s := snapshot(t, blockstore(40, 3))
	tm := newTerminal(t, s, 120, 30, Options{})
	tm.press("3c").press("e", "types.csv", "enter").has("wrote 10 rows to types.csv")
	if got := string(tm.scr.GetClipboardData()); !strings.Contains(got, "main.Block") && !strings.Contains(got, "[]uint8") {
		t.Errorf("the clipboard has %q", got)
	}
	data, err := os.ReadFile("types.csv")
	if err != nil || !strings.HasPrefix(string(data), "retained_bytes_min,share,shallow_bytes,objects,type,package\n") || strings.Count(string(data), "\n") != 11 {
		t.Errorf("types.csv: %v\n%s", err, data)
	}
	tm.press("e", "types.csv", "enter").has("types.csv exists: name another file")
	for _, keys := range [][]string{{"2"}, {"8"}, {"w"}, {"5", "enter", "enter"}, {"i"}, {"3", "P"}, {"9"}} {
		name := strings.Join(keys, "") + ".json"
		tm.press("1").press(keys...).press("e", name, "enter").has("to " + name)
		var rows []map[string]any
		data, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(data, &rows)
		}
		if err != nil || len(rows) == 0 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
	tm.press("1e", "no/such/folder.csv", "enter").has("no such file or directory")
}

// Sizes are shown to the byte in every view once they are in one.
func TestExactBytes(t *testing.T) {
	s := snapshot(t, blockstore(2500, 3))
	tm := newTerminal(t, s, 120, 30, Options{}).press("3").has("8.13 MiB").press("2").has("8.13 MiB")
	tm.press("b").has("8,520,304 B").hasNot("8.13 MiB")
	tm.press("3").has("8,520,240 B").hasNot(" MiB ").press("b").has("8.13 MiB").press("2").has("8.13 MiB")
}
