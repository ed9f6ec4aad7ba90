package frames

import "strings"

// WaitReason returns why a goroutine waits, in the runtime's words. Until Go 1.24 it says
// no more than "semacquire" of package sync's waits (until Go 1.19 of none): the frames
// tell them apart from others, such as those of package internal/poll.
func (p *Reader) WaitReason(gi int) string {
	reason := p.image.Goroutines[gi].Why
	if reason == "" {
		reason = p.program.WaitReason(p.image.Goroutines[gi].WaitReason)
	}
	if reason != "semacquire" {
		return reason
	}
	frames, _ := p.Walk(gi)
	for i := range frames {
		if strings.HasPrefix(frames[i].Func.Name(), "sync.runtime_Semacquire") {
			return SyncWait
		}
	}
	return reason
}

// SyncWait is the reason of a goroutine that waits in package sync, in whatever way.
const SyncWait = "sync.Mutex.Lock"
