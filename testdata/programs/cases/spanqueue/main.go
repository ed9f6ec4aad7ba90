// Spanqueue has a tracer whose exporter hangs, and whose queue is full. Right answer:
// main.global….queue, a chan main.ReadOnlySpan with 19,488 main.recordingSpan, which the
// tracer and its goroutine hold together: 6 MiB.
package main

import (
	"fmt"
	"net"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type KeyValue struct {
	Key   string
	Value interface{}
}

type Event struct {
	Name       string
	Attributes []KeyValue
	Time       time.Time
}

type ReadOnlySpan interface{ Name() string }

type recordingSpan struct {
	mu                 sync.Mutex
	parent             [24]byte
	name               string
	startTime, endTime time.Time
	attributes         []KeyValue
	events             []Event
	tracer             *tracer
}

func (s *recordingSpan) Name() string {
	return s.name
}

type tracer struct {
	provider *TracerProvider
	scope    string
}

type SpanExporter interface{ ExportSpans([]ReadOnlySpan) error }

// batch is how many are sent together.
const batch = 512

type otlp struct{ conn net.Conn }

func (o *otlp) ExportSpans(s []ReadOnlySpan) error {
	_, err := o.conn.Write(make([]byte, 10))
	return err
}

type batchSpanProcessor struct {
	e          SpanExporter
	queue      chan ReadOnlySpan
	batch      []ReadOnlySpan
	batchMutex sync.Mutex
	timer      *time.Timer
	stopCh     chan struct{}
}

func (b *batchSpanProcessor) processQueue() {
	for {
		select {
		case <-b.stopCh:
			return
		case <-b.timer.C:
		case s := <-b.queue:
			b.batchMutex.Lock()
			b.batch = append(b.batch, s)
			full := len(b.batch) >= batch
			b.batchMutex.Unlock()
			if full {
				b.e.ExportSpans(b.batch)
			}
		}
	}
}

type SpanProcessor interface{ OnEnd(ReadOnlySpan) }

func (b *batchSpanProcessor) OnEnd(s ReadOnlySpan) {
	select {
	case b.queue <- s:
	default:
	}
}

type spanProcessorState struct {
	sp    SpanProcessor
	state sync.Once
}

type TracerProvider struct {
	mu             sync.Mutex
	namedTracer    map[string]*tracer
	spanProcessors []*spanProcessorState
}

var global interface{}

func main() {
	c, _ := net.Pipe()
	b := &batchSpanProcessor{e: &otlp{c}, queue: make(chan ReadOnlySpan, 30000), timer: time.NewTimer(time.Hour), stopCh: make(chan struct{})}
	go b.processQueue()
	tp := &TracerProvider{namedTracer: map[string]*tracer{}, spanProcessors: []*spanProcessorState{{sp: b}}}
	tr := &tracer{tp, "http"}
	tp.namedTracer["http"] = tr
	global = tp
	for i := 0; i < 20000; i++ {
		s := &recordingSpan{name: "GET /", tracer: tr, attributes: []KeyValue{{"http.url", fmt.Sprint("/x/", i)}, {"code", 200 + i}}, events: []Event{{Name: "retry"}}}
		b.OnEnd(s)
	}
	for len(b.queue) != 20000-batch {
		time.Sleep(time.Millisecond)
	}
	stand.Culprit("main.global….queue", 20000-batch, 0)
	stand.Ready(nil)
}
