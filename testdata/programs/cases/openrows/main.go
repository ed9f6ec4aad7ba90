// Openrows asks a database and never closes what it gets, so that each answer keeps its
// connection. Right answer: 200 × main.conn of 64 KiB, 12.5 MiB, which the pool and the
// goroutines in database/sql.(*Rows).awaitDone hold together.
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"runtime"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type (
	fake struct{}
	conn struct{ buf [64 << 10]byte }
	stmt struct{ c *conn }
	rows struct {
		c *conn
		n int64
	}
)

func (fake) Open(string) (driver.Conn, error)              { return &conn{}, nil }
func (c *conn) Prepare(string) (driver.Stmt, error)        { return &stmt{c}, nil }
func (c *conn) Close() error                               { return nil }
func (c *conn) Begin() (driver.Tx, error)                  { return nil, io.EOF }
func (s *stmt) Close() error                               { return nil }
func (s *stmt) NumInput() int                              { return -1 }
func (s *stmt) Exec([]driver.Value) (driver.Result, error) { return nil, io.EOF }
func (s *stmt) Query([]driver.Value) (driver.Rows, error)  { return &rows{c: s.c}, nil }
func (r *rows) Columns() []string                          { return []string{"n"} }
func (r *rows) Close() error                               { return nil }
func (r *rows) Next(d []driver.Value) error                { r.n++; d[0] = r.n; return nil }

// first forgets to close the rows.
func first(ctx context.Context, db *sql.DB) (n int64) {
	all, err := db.QueryContext(ctx, "select n")
	if err != nil {
		panic(err)
	}
	all.Next()
	if err := all.Scan(&n); err != nil {
		panic(err)
	}
	return n
}

func main() {
	const n = 200
	sql.Register("fake", fake{})
	db, err := sql.Open("fake", "")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	for i := 0; i < n; i++ {
		first(ctx, db)
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.conn", n, n<<16)
	stand.Ready(nil)
	runtime.KeepAlive(db)
	cancel()
}
