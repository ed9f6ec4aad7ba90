package layout

import (
	"embed"
	"errors"
	"io/fs"
)

//go:generate go run -C ../../.. ./gocore/internal/layout/tabulate

//go:embed tables/*.txt
var tables embed.FS

// RecordedFor returns what is recorded for a processor, named as in GOARCH; nil where that
// is nothing.
func RecordedFor(processor string) (*Recorded, error) {
	text, err := tables.ReadFile("tables/" + processor + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseRecorded(text)
}
