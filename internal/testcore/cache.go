package testcore

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// format is part of every key: raising it makes all old entries useless.
	format = "1"
	// limit is what the cache may occupy on disk, holes not counted.
	limit = 10 << 30
	// inUse is how long after its last request an entry is safe from eviction,
	// since a test may still have it open.
	inUse = 30 * time.Minute
	// evictEvery is how long the cache may grow before it is looked through again: it
	// has thousands of files.
	evictEvery = time.Minute
)

// making is what the name of an entry's folder has behind it until it is whole.
const making = ".making"

// cache is a folder of entries. An entry is a folder "<name>-<key>"; beside it
// lies "<name>-<key>.lock", held while the entry is made or removed.
type cache struct {
	root string // of the module
	dir  string
}

func findCache() (cache, error) {
	if !onUnix {
		return cache{}, lacks("programs whose cores are read are built and run on Linux")
	}
	root, err := moduleRoot()
	if err != nil {
		return cache{}, err
	}
	c := cache{root, filepath.Join(root, "testdata", ".cache")}
	if err := os.MkdirAll(c.dir, 0o777); err != nil {
		return cache{}, fmt.Errorf("cannot make the cache of test cores: %w", err)
	}
	// Keys of cores hold the path: where the folder is a link, all who share it
	// must come to the same ones.
	if c.dir, err = filepath.EvalSymlinks(c.dir); err != nil {
		return cache{}, err
	}
	return c, nil
}

// entry returns the folder of that name and key. Where there is none yet, it
// calls fill with a fresh folder on the same file system and moves it in place
// when fill returns nil; fill must not return paths inside it.
func (c cache) entry(name, key string, fill func(dir string) error) (string, error) {
	final := filepath.Join(c.dir, name+"-"+key)
	unlock, err := lock(final+".lock", true)
	if err != nil {
		return "", err
	}
	defer unlock()
	now := time.Now()
	if err := os.Chtimes(final, now, now); err == nil {
		return final, nil
	}
	// Whoever was interrupted while making it has left its folder.
	tmp := final + making
	if err := os.RemoveAll(tmp); err != nil {
		return "", err
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	if err := fill(tmp); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, final); err != nil {
		return "", err
	}
	c.evict()
	return final, nil
}

// evict removes what nobody goes on making, and then the entries that were not asked
// for the longest until the rest is within the limit. It is best effort: what is
// locked or recently used stays, and so does what cannot be removed. Whoever comes
// within evictEvery leaves it to the next.
func (c cache) evict() {
	stamp := filepath.Join(c.dir, "evicted")
	if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()).Abs() < evictEvery {
		return
	}
	if os.WriteFile(stamp, nil, 0o666) != nil || os.Chtimes(stamp, time.Time{}, time.Now()) != nil {
		return
	}
	type aged struct {
		path string
		used time.Time
		size int64
	}
	list, err := os.ReadDir(c.dir)
	if err != nil {
		return
	}
	var entries []aged
	var total int64
	for _, d := range list {
		info, err := d.Info()
		if err != nil || !d.IsDir() {
			continue
		}
		path := filepath.Join(c.dir, d.Name())
		if entry, ok := strings.CutSuffix(path, making); ok {
			if unlock, err := lock(entry+".lock", false); err == nil {
				os.RemoveAll(path)
				unlock()
			}
			continue
		}
		size := occupied(path)
		total += size
		entries = append(entries, aged{path, info.ModTime(), size})
	}
	slices.SortFunc(entries, func(a, b aged) int {
		return cmp.Or(a.used.Compare(b.used), strings.Compare(a.path, b.path))
	})
	for _, e := range entries {
		if total <= limit || time.Since(e.used) < inUse {
			return
		}
		unlock, err := lock(e.path+".lock", false)
		if err != nil {
			continue
		}
		if os.RemoveAll(e.path) == nil {
			total -= e.size
		}
		// The lock file stays: removing it would let two holders of different
		// files of one name make the same entry.
		unlock()
	}
}

// occupied is the disk space of a tree in bytes.
func occupied(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil {
			n += onDisk(info)
		}
		return nil
	})
	return n
}

// keyOf hashes parts so that no two lists of parts share an input.
func keyOf(parts ...string) string {
	h := sha256.New()
	for _, p := range append([]string{format}, parts...) {
		fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// sourceKey hashes the names and contents of all files below the folders.
func sourceKey(root string, folders ...string) (string, error) {
	var parts []string
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			parts = append(parts, rel, string(b))
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return keyOf(parts...), nil
}
