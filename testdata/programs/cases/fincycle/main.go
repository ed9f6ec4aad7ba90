// Fincycle is the case fincycle. Source: golang/go#73674, tailscale/wireguard-go#66, cloudwego/goref#4.
// Shape: device <-> queue with a finalizer on both ends of a cycle: never freed.
// Expected: 1,000 devices of a 32 KiB queue: 32 MiB that nothing in the program refers to;
// the holder is the finalizer of *main.Device.
package main

import (
	"runtime"

	"goheap/testdata/programs/cases/internal/stand"
)

type Device struct {
	id int
	q  *Queue
}
type Queue struct {
	dev *Device
	buf []byte
}

//go:noinline
func open(id int) {
	d := &Device{id: id}
	d.q = &Queue{dev: d, buf: make([]byte, 32<<10)}
	runtime.SetFinalizer(d, func(d *Device) { d.q.buf = nil })
}

func main() {
	stand.Measured("*main.Device", 1000, func() {
		for i := range 1000 {
			open(i)
		}
	})
	stand.Ready(nil)
}
