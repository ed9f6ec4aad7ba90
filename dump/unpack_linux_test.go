package dump

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Zeros take no space on the disk.
func TestHoles(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "holes"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain := append(holedCore(), make([]byte, 70000)...)
	s := &sparse{f: f}
	for at := 0; at < len(plain); at += 1 << 20 {
		if err := s.write(plain[at:min(at+1<<20, len(plain))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(s.size); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%d bytes of %d came back, %v", len(got), len(plain), err)
	}
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if used := st.Sys().(*syscall.Stat_t).Blocks * 512; used > 1<<20 {
		t.Errorf("600 KiB of data and 5 MiB of zeros take %d bytes", used)
	}
}
