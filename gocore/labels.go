package gocore

import "runtime/debug"

// Label is a pair that the program gave to a goroutine with runtime/pprof.Do or
// SetGoroutineLabels. Both are values of the program.
type Label struct{ Key, Value string }

// Labels returns the labels of the goroutine with the given index in Goroutines, by key.
func (p *Process) Labels(g int) (labels []Label) {
	defer p.caught(debug.SetPanicOnFault(true))
	if g < 0 || g >= len(p.im.Goroutines) {
		return nil
	}
	for _, l := range p.space.Labels(p.im.Goroutines[g].Addr) {
		labels = append(labels, Label(l))
	}
	return labels
}
