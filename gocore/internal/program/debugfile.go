package program

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/aself"
	"goheap/gocore/internal/symbols"
)

// ErrWrongDebug says that a file with debugging information is of another build
// than the executable.
var ErrWrongDebug = errors.New("wrong debug file")

// debugRoot is where distributions put debugging information, by build id and by
// the executable's path (GDB manual, "Debugging Information in Separate Files").
const debugRoot = "/usr/lib/debug"

// attachDebug lets x have the debugging information of another file: of
// opt.Debug, or, where x has none of its own, of the first file that belongs to
// it in the places where debuggers look. A file belongs to it by its build id, by its
// checksum, or as an unstripped build of the same layout (symbols, AddTwin).
func (x *Executable) attachDebug(opt Options) ([]dump.Problem, error) {
	if opt.Debug != "" {
		return x.givenDebug(opt.Debug, opt.Force)
	}
	err := x.File.DWARF()
	switch {
	case errors.Is(err, symbols.ErrNoDWARF):
		for _, c := range slices.Concat(x.debugCandidates(debugRoot), x.debugCached(os.Getenv), x.debugBeside(opt.Beside)) {
			if why, ok := x.tryDebug(c); ok {
				break
			} else if why != "" {
				x.notDebug = cmp.Or(x.notDebug, " ("+why+")")
			}
		}
		err = x.File.DWARF()
	}
	return x.damagedDWARF(err), nil
}

// damagedDWARF is the problem of debugging information that can be used in part.
func (x *Executable) damagedDWARF(err error) []dump.Problem {
	if err == nil || !x.File.HasDWARF() {
		return nil
	}
	return []dump.Problem{{Severity: dump.Warning, Message: fmt.Sprintf("the debugging information of %s is damaged (%v): types and variables behind the damage are missing", cmp.Or(x.DebugPath, x.Path), err), Count: 1}}
}

// givenDebug attaches the file that the caller names.
func (x *Executable) givenDebug(path string, force bool) ([]dump.Problem, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s (from --debug) does not exist; give the file with the debugging information of %s with --debug PATH", ErrNoDWARF, path, x.Path)
	case err != nil:
		return nil, fmt.Errorf("%w: %w; give the file with the debugging information of %s with --debug PATH", ErrNoDWARF, err, x.Path)
	case st.IsDir() && inBundle(path) != "":
		path = inBundle(path)
	case st.IsDir():
		return nil, fmt.Errorf("%w: %s (from --debug) is a directory; give the file with the debugging information of %s with --debug PATH", ErrNoDWARF, path, x.Path)
	}
	_, debug, free, err := openELF(path, x.File.Arch.Name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w (from --debug); give the file with the debugging information of %s with --debug PATH", ErrNoDWARF, err, x.Path)
	}
	problems, err := x.addGiven(debug, path, force)
	if err != nil {
		free()
		return nil, err
	}
	x.DebugPath, x.freeDebug = path, free
	return append(problems, x.damagedDWARF(x.File.DWARF())...), nil
}

// bundled is where files with debugging information are in a bundle that macOS keeps
// beside a program, NAME.dSYM (dsymutil(1)).
const bundled = "Contents/Resources/DWARF"

// inBundle returns the only such file in a bundle, "" if it is none.
func inBundle(path string) string {
	all, err := os.ReadDir(filepath.Join(path, bundled))
	if err != nil || len(all) != 1 {
		return ""
	}
	return filepath.Join(path, bundled, all[0].Name())
}

// addGiven attaches debug, the file at path, if it is of the same build, or of one with
// the same layout.
func (x *Executable) addGiven(debug *symbols.File, path string, force bool) (problems []dump.Problem, err error) {
	same, known := x.File.SameBuild(debug)
	if !known || !same {
		err = x.File.AddTwin(debug)
	}
	other, bare := errors.Is(err, symbols.ErrOtherLayout), errors.Is(err, symbols.ErrNoLayout)
	switch {
	case known && same, !other && !bare:
	case !known && bare:
		problems = append(problems, dump.Problem{Severity: dump.Warning, Message: fmt.Sprintf("%s and %s have no build id to compare: whether they belong together is not known", path, x.Path), Count: 1})
	case !force:
		ids := fmt.Sprintf("%s and %s have no build id to compare", path, x.Path)
		if known {
			ids = fmt.Sprintf("the build id of %s is %s, that of %s is %s", path, buildID(debug, x.File), x.Path, buildID(x.File, debug))
		}
		return nil, fmt.Errorf("%w: %s, and %w; give with --debug PATH the debug file of that build, or %s; or --force to go on and read nonsense", ErrWrongDebug, ids, err, x.howToRebuild())
	default:
		problems = append(problems, dump.Problem{Severity: dump.Error, Message: fmt.Sprintf("the build id of %s is not that of the executable, and %v: types and addresses may be wrong", path, err), Count: 1})
	}
	if known && same || other || bare {
		err = x.File.AddDebug(debug)
	}
	if errors.Is(err, symbols.ErrNoDWARF) {
		return nil, fmt.Errorf("%w: %s (from --debug) has no debugging information; give the file that has that of %s with --debug PATH, or %s", ErrNoDWARF, path, x.Path, x.howToRebuild())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s (from --debug): %w; give the file with the debugging information of %s with --debug PATH", ErrNoDWARF, path, err, x.Path)
	}
	return problems, nil
}

// buildID returns the build id of f of the kind that can be compared with g's.
func buildID(f, g *symbols.File) string {
	if f.BuildID != "" && g.BuildID != "" {
		return f.BuildID
	}
	return f.GoBuildID
}

// debugCandidate is a file that may have x's debugging information. Sum is its
// checksum by the executable's word, where summed is set.
type debugCandidate struct {
	Path   string
	sum    uint32
	summed bool
}

// debugCandidates lists the places where debuggers look, in their order: by build
// id under root, then the file that .gnu_debuglink names, beside the executable,
// in .debug, and under root in the executable's folder; then NAME.debug beside the
// executable, which is what people call it, and NAME.twin, which Rebuild calls it.
func (x *Executable) debugCandidates(root string) []debugCandidate {
	var out []debugCandidate
	if id := x.File.BuildID; len(id) > 2 {
		out = append(out, debugCandidate{Path: filepath.Join(root, ".build-id", id[:2], id[2:]+".debug")})
	}
	full := x.Path
	if abs, err := filepath.Abs(full); err == nil {
		full = abs
	}
	dirs := []string{filepath.Dir(full)}
	if real, err := filepath.EvalSymlinks(full); err == nil && filepath.Dir(real) != dirs[0] {
		dirs = append(dirs, filepath.Dir(real))
	}
	if name, sum, ok := x.File.DebugLink(); ok {
		for _, dir := range dirs {
			for _, d := range []string{dir, filepath.Join(dir, ".debug"), filepath.Join(root, dir)} {
				out = append(out, debugCandidate{filepath.Join(d, name), sum, true})
			}
		}
	}
	for _, dir := range dirs {
		if x.File.OS == aself.Darwin {
			out = append(out, debugCandidate{Path: filepath.Join(dir, filepath.Base(full)+".dSYM", bundled, filepath.Base(full))})
		}
		out = append(out, debugCandidate{Path: filepath.Join(dir, filepath.Base(full)+".debug")}, debugCandidate{Path: filepath.Join(dir, filepath.Base(full)+".twin")})
	}
	return out
}

// debugCached returns where debuginfod's clients keep what they have fetched, by build id
// (debuginfod_find_debuginfo(3), "CACHE").
func (x *Executable) debugCached(env func(string) string) []debugCandidate {
	id := x.File.BuildID
	if id == "" {
		return nil
	}
	var out []debugCandidate
	for _, at := range [][2]string{
		{"DEBUGINFOD_CACHE_PATH", ""}, {"XDG_CACHE_HOME", "debuginfod_client"}, {"HOME", ".cache/debuginfod_client"}, {"HOME", ".debuginfod_client_cache"},
	} {
		if dir := env(at[0]); filepath.IsAbs(dir) {
			out = append(out, debugCandidate{Path: filepath.Join(dir, at[1], id, "debuginfo")})
		}
	}
	return out
}

// debugBeside returns where debugging information is in a folder that a core was brought
// in: as below root, by build id, by link, and by name.
func (x *Executable) debugBeside(dir string) []debugCandidate {
	if dir == "" {
		return nil
	}
	var out []debugCandidate
	if id := x.File.BuildID; len(id) > 2 {
		name := filepath.Join(".build-id", id[:2], id[2:]+".debug")
		out = append(out, debugCandidate{Path: filepath.Join(dir, name)}, debugCandidate{Path: filepath.Join(dir, debugRoot, name)})
	}
	if name, sum, ok := x.File.DebugLink(); ok {
		out = append(out, debugCandidate{filepath.Join(dir, name), sum, true}, debugCandidate{filepath.Join(dir, ".debug", name), sum, true})
	}
	base := filepath.Base(x.Path)
	return append(out, debugCandidate{Path: filepath.Join(dir, base+".debug")}, debugCandidate{Path: filepath.Join(dir, base+".twin")})
}

// tryDebug attaches a candidate if it belongs to x. Why says in what it fails to,
// "" if there is no such file.
func (x *Executable) tryDebug(c debugCandidate) (why string, ok bool) {
	st, err := os.Stat(c.Path)
	if err != nil || !st.Mode().IsRegular() {
		return "", false
	}
	if own, err := os.Stat(x.Path); err == nil && os.SameFile(st, own) {
		return "", false
	}
	data, debug, free, err := openELF(c.Path, x.File.Arch.Name)
	if err != nil {
		return fmt.Sprintf("it was looked for, but %v", err), false
	}
	same, known := x.File.SameBuild(debug)
	if (!known || !same) && x.File.AddTwin(debug) == nil {
		x.DebugPath, x.freeDebug = c.Path, free
		return "", true
	}
	switch {
	case known && !same:
		why = fmt.Sprintf("%s is there, but has the build id %s instead of %s", c.Path, buildID(debug, x.File), buildID(x.File, debug))
	case !known && c.summed && crc32.ChecksumIEEE(data) != c.sum:
		why = fmt.Sprintf("%s is there, but is not the file that .gnu_debuglink speaks of: its checksum differs", c.Path)
	case !known && !c.summed:
		why = fmt.Sprintf("%s is there, but has no build id to tell whether it belongs to it: --debug takes it as it is", c.Path)
	default:
		if err := x.File.AddDebug(debug); err == nil {
			x.DebugPath, x.freeDebug = c.Path, free
			return "", true
		}
		why = fmt.Sprintf("%s is there, but has no debugging information", c.Path)
	}
	free()
	return why, false
}
