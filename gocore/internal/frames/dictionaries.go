package frames

import (
	"goheap/gocore/internal/code"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/unwind"
)

// dictByCode returns the address of the dictionary that the function of a frame is run
// with, where the code keeps it: a parameter, or a word of the closure, that is the address
// of a dictionary of this function is its own, and not one that it passes on. It is 0 where
// no such word is in the frame any more. Until Go 1.19 the collector does not look for
// dictionaries, so that live words have none (cmd/compile/internal/noder, stencil.go).
func (p *Reader) dictByCode(fn string, fr *unwind.Frame) uint64 {
	if !code.Follows(p.image.Arch.Name) || !Followable(fr) {
		return 0
	}
	for _, cfa := range p.ownWordsAt(fr) {
		if word, ok := p.image.Mem.Word(fr.CFA() + uint64(cfa)); ok && (program.Code{Program: p.program}).IsDictionary(fn, word) {
			return word
		}
	}
	return 0
}

// ownWordsAt returns where in a frame its function keeps what it was called with: parameters,
// and words of its closure. Frames at one pc have them at the same places.
func (p *Reader) ownWordsAt(fr *unwind.Frame) []int64 {
	p.codesMu.Lock()
	defer p.codesMu.Unlock()
	if list, ok := p.ownWords[fr.PC]; ok {
		return list
	}
	if p.codes == nil {
		p.codes, p.ownWords = NewStoredReader(p, nil), map[uint64][]int64{}
	}
	var list []int64
	if f := p.codes.function(fr.Func); f != nil {
		for _, s := range f.At(fr.PC) {
			o := f.Origins[s.Origin]
			if !s.Doubt && (o.Kind == code.Param || o.Kind == code.Load && f.Origins[o.Base].Kind == code.Context) {
				list = append(list, s.CFA)
			}
		}
	}
	p.ownWords[fr.PC] = list
	return list
}
