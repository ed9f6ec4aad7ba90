package corefile

import "goheap/gocore/internal/image"

// readSample reads the special of an object that was sampled (runtime/mheap.go,
// specialprofile); b are its bytes.
func (d *decoder) readSample(e image.Extent, object uint64, b []byte) {
	rt := d.Layout
	if rt.Special.Offset.Size == 2 && e.Size > 1<<16 && e.N > 1 {
		return // until Go 1.23 the offset of an object far behind wraps around
	}
	if bucket := rt.SpecialProfile.Bucket.Uint(d.Image.Arch, b); bucket != 0 {
		d.Image.Samples = append(d.Image.Samples, image.Sample{Object: object, Bucket: bucket})
	}
}
