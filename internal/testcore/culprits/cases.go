// Package culprits holds the first screen of goheap report against what leaking
// programs, those of testdata/programs/cases, say of themselves.
//
// The comparison takes a core of each and has the build tag culprits: make culprits.
package culprits

// expected says what the first screen on one program must have. Numbers and bytes are
// not here: the program prints them (package stand of testdata/programs/cases).
type expected struct {
	program string

	// Each must be on the screen, or for texts with "|" between them one of these.
	texts []string

	// Likewise of cores: heap dumps do not say where memory is beside the objects.
	coreTexts []string

	// A suspect that has none of these in its words is innocent. For those without,
	// every suspect is.
	culprits []string

	holderOnly bool // neither numbers nor bytes need to be there

	from, to int // the minor versions of Go with which it leaks; 0 is no bound

	noDump string // what heap dumps lack of it; nothing innocent may be there nevertheless
}

const nothing = "nothing suspicious|Nothing suspicious"

// inventory lists all programs: those after public reports first.
var inventory = []expected{
	{
		program:  "ctxchildren",
		texts:    []string{"main.app.ctx", "map[context.canceler]struct{}|map[context.canceler]struct {}"},
		culprits: []string{"main.app", "context"},
	}, {
		program:  "chansend",
		texts:    []string{"main.lookup.func1", "main.result", "proven leaked"},
		culprits: []string{"main.lookup.func1", "main.result"},
	}, {
		program:  "waiters",
		texts:    []string{"main.(*api).handle", "main.req", "utex", "an Unlock of one sync.Mutex"},
		culprits: []string{"main.(*api).handle", "main.req", "main.api"},
	}, {
		program:  "timeafter",
		texts:    []string{"timers", "main.main|time.After|time.sendTime|goroutineReady"},
		culprits: []string{"timer"},
		to:       22,
	}, {
		program:  "deferloop",
		texts:    []string{"main.poll", "main.response|main.(*response).Close", "defer"},
		culprits: []string{"main.poll", "main.response", "main.(*response)"},
	}, {
		program:  "fincycle",
		texts:    []string{"*main.Device", "finalizer"},
		culprits: []string{"main.Device", "main.open.func1"},
	}, {
		program:  "httpbody",
		texts:    []string{"net/http.(*persistConn)|net/http.persistConn|net/http.(*Transport)"},
		culprits: []string{"net/http", "net.(*conn)", "bufio"},
	}, {
		program:  "syncpool",
		texts:    []string{"main.bufPool", "bytes.Buffer|[]uint8"},
		culprits: []string{"main.bufPool"},
	}, {
		program:  "substring",
		texts:    []string{"main.findings", "50.0 MiB of it are dead: the rest of 200 texts of which strings keep a part"},
		culprits: []string{"main.findings", "main.Finding"},
	}, {
		program:  "mapshrink",
		texts:    []string{"main.tracker.seen", "of 10 entries", "of it are room in 1 map beyond the entries"},
		culprits: []string{"main.tracker"},
	}, {
		program: "appstruct",
		texts: []string{
			"main.app.sessions|.sessions", "map[int]*main.Session", ".audit", "[]string",
			".cache.entries", "map[string][]uint8",
		},
		culprits: []string{"main.app"},
	}, {
		program:  "bigchan",
		texts:    []string{"main.hub.events", "chan *main.Event", ".replies", "chan chan []uint8"},
		culprits: []string{"main.hub"},
	}, {
		program:  "queue",
		texts:    []string{"main.tr.controlbuf.list", "main.itemNode"},
		culprits: []string{"main.tr"},
	}, {
		program:  "sparecap",
		texts:    []string{"main.hub.clients", "39.7 MiB of it are beyond the length of the slices|39.8 MiB of it are beyond the length of the slices"},
		culprits: []string{"main.hub", "main.client", "main.msg"},
	}, {
		program:  "jointidx",
		texts:    []string{"main.byID", "main.byToken", "main.Session"},
		culprits: []string{"main.Session", "main.byID", "main.byToken"},
	}, {
		program:    "stacks",
		texts:      []string{"main.walk"},
		coreTexts:  []string{"memory: 64.|memory: 65.", "MiB stacks"},
		culprits:   []string{"main.walk", "stack"},
		holderOnly: true,
	}, {
		program:    "cgomem",
		texts:      []string{"main.handles"},
		coreTexts:  []string{"MiB outside Go (C's allocator)"},
		culprits:   []string{"main.handles", "main.Handle", "outside", " C "},
		holderOnly: true,
	}, {
		program:    "released",
		texts:      []string{"live"},
		coreTexts:  []string{"memory: 200 MiB|memory: 19|memory: 18", "MiB freed and kept"},
		holderOnly: true,
	}, {
		program:    "garbage",
		texts:      []string{"main.keep", "MiB garbage"},
		coreTexts:  []string{"memory: 146 MiB garbage", "garbage: 146 MiB in", "the size of main.record"},
		culprits:   []string{"main.keep", "main.record", "garbage"},
		holderOnly: true,
	}, {
		program:    "dupstr",
		texts:      []string{"main.series", "12.2 MiB of it are to gain: of 200,000 texts 20 differ"},
		culprits:   []string{"main.series", "main.Label"},
		holderOnly: true,
	}, {
		program: "singlefield",
		texts: []string{
			"main.staticOne.items", "main.staticTwo.items", "main.valueOne.items",
			"main.valueTwo.items", "main.heapOne.items", "main.heapTwo.items", "[]*int64",
		},
		culprits: []string{"main.staticOne", "main.staticTwo", "main.valueOne", "main.valueTwo", "main.heapOne", "main.heapTwo"},
	}, {
		program: "server",
		texts:   []string{nothing},
	},

	{
		program:  "groupwait",
		texts:    []string{"main.(*crawler).fetchAll.func1", "main.page", "chan receive", "proven leaked"},
		culprits: []string{"main.(*crawler).fetchAll", "main.page", "main.(*group).run"},
	}, {
		program:  "ticker",
		texts:    []string{"main.(*monitor).start.func1", "main.monitor|[]int64"},
		culprits: []string{"main.(*monitor).start", "main.monitor", "ticker"},
	}, {
		program:  "condwait",
		texts:    []string{"main.(*queue).take", "main.batch", "Cond", "proven leaked", "Signal or Broadcast"},
		culprits: []string{"main.(*queue).take", "main.batch"},
	}, {
		program:  "wgwait",
		texts:    []string{"main.(*job).finish", "main.job", "WaitGroup", "proven leaked"},
		culprits: []string{"main.(*job).finish", "main.job"},
	}, {
		program:  "afterfunc",
		texts:    []string{"main.root.ctx", "map[context.canceler]struct{}|map[context.canceler]struct {}"},
		culprits: []string{"main.root", "main.(*server).receive", "main.message", "context"},
	}, {
		program:  "lru",
		texts:    []string{"main.svc.state.users", "main.user"},
		culprits: []string{"main.svc"},
	}, {
		program:  "logbuffer",
		texts:    []string{"main.audit.pending", "[]string"},
		culprits: []string{"main.audit"},
	}, {
		program:  "cleanup",
		texts:    []string{"main.load.func1", "main.texture", "cleanup"},
		culprits: []string{"main.load.func1", "main.texture"},
		from:     24,
		noDump:   "cleanups",
	}, {
		program:  "chanmap",
		texts:    []string{"main.chat.subs", "map[string]chan []uint8"},
		culprits: []string{"main.chat"},
	}, {
		program:  "nilselect",
		texts:    []string{"main.(*worker).run", "main.worker", "select", "proven leaked"},
		culprits: []string{"main.(*worker).run", "main.worker"},
	}, {
		program:  "generic",
		texts:    []string{"main.accounts.items", "map[int64]*main.account"},
		culprits: []string{"main.accounts"},
	}, {
		program:  "rwreaders",
		texts:    []string{"main.(*table).lookup", "main.query", "RWMutex", "main.(*table).reload"},
		culprits: []string{"main.(*table).lookup", "main.query", "main.(*table).reload"},
	},

	{
		program:  "errlist",
		texts:    []string{"main.failures", "[]error", "main.callError"},
		culprits: []string{"main.failures"},
	}, {
		program:  "callbacks",
		texts:    []string{"main.events.handlers", "map[string][]func(string)", "main.session"},
		culprits: []string{"main.events"},
	}, {
		program:  "signals",
		texts:    []string{"main.(*client).watch.func1", "main.client", "chan receive"},
		culprits: []string{"main.(*client).watch", "main.client"},
	}, {
		program:  "syncmap",
		texts:    []string{"main.srv.sessions", "sync.Map", "main.session"},
		culprits: []string{"main.srv"},
	}, {
		program:  "reslice",
		texts:    []string{"main.backlog", "[]*main.job", "main.job"},
		culprits: []string{"main.backlog"},
		noDump:   "the type of a large array that a slice knows by its end",
	}, {
		program:  "mapmaps",
		texts:    []string{"main.metrics.byTenant", "map[string]map[string]*main.counter", "main.counter"},
		culprits: []string{"main.metrics"},
	}, {
		program:  "streams",
		texts:    []string{"main.stream", "main.(*stream).receive", "timers", "12.5 MiB|12.6 MiB|12.7 MiB"},
		culprits: []string{"main.stream"},
	}, {
		program:  "hung",
		texts:    []string{"main.(*backend).ask", "[]uint8", "chan receive"},
		culprits: []string{"main.(*backend).ask", "net/http"},
	},
	{
		program:  "localhub",
		texts:    []string{"main.main", "h.clients", "main.client", "chan send", "a receive from one chan *main.client", "h.unregister"},
		culprits: []string{"main.client", "main.(*client).read"},
	}, {
		program:  "ctxchain",
		texts:    []string{"main.loop", "ctx", "list of 40,000 context.valueCtx"},
		culprits: []string{"main.loop"},
	}, {
		program:  "openrows",
		texts:    []string{"main.conn", "database/sql.(*Rows).awaitDone|sql.(*Rows).awaitDone", "db.dep|.dep"},
		culprits: []string{"main.conn", "database/sql"},
	},

	{
		program:  "slowsub",
		texts:    []string{"main.bus.topics", "].queue", "map[string]*main.topic", "[]*main.message"},
		culprits: []string{"main.bus"},
	}, {
		program:  "radix",
		texts:    []string{"main.router.root", "main.node", "main.route"},
		culprits: []string{"main.router"},
	}, {
		program:  "served",
		texts:    []string{"main.room.clients", "map[*main.client]bool", "main.client", "main.(*chatroom).serve"},
		culprits: []string{"main.room"},
	}, {
		program:  "retrier",
		texts:    []string{"main.(*retrier).run", ".failed", "[]main.job"},
		culprits: []string{"main.retrier"},
	}, {
		program:  "idleconns",
		texts:    []string{"main.(*conn).serve", "main.conn|bufio.Reader", "IO wait"},
		culprits: []string{"main.(*conn).serve"},
	}, {
		program:  "flight",
		texts:    []string{"main.(*group).do", "WaitGroup", "main.call"},
		culprits: []string{"main.(*group).do"},
		noDump:   "how large stacks are",
	}, {
		program:  "shards",
		texts:    []string{"main.srv.inflight.shards", "map[string]*main.request", "40,000 × main.request"},
		culprits: []string{"main.srv"},
	}, {
		program:  "vars",
		texts:    []string{"main.hits", "sync.Map of 60,000 entries|expvar.Int"},
		culprits: []string{"main.hits"},
	}, {
		program:  "transports",
		texts:    []string{"net/http.(*persistConn)", "250 × http.Transport"},
		culprits: []string{"net/http.(*persistConn)"},
	}, {
		program:  "pulled",
		texts:    []string{"main.scan.func1|main.first.scan.func1", "main.page", "coroutine", "iter.Pull"},
		culprits: []string{"scan.func1"},
		from:     23,
	}, {
		program:  "expiring", // well: its rows are what it has
		texts:    []string{"main.rows.entries", "map[string]*main.row", "main.row"},
		culprits: []string{"main.rows"},
	},
	{
		program:  "spans",
		texts:    []string{"main.tracer.processors[0].active", "map[main.spanID]*main.span", "main.span"},
		culprits: []string{"main.tracer"},
	}, {
		program:  "vectors",
		texts:    []string{"main.metrics.latency", "map[string]*main.histogram", "main.metrics.requests", "main.registry"},
		culprits: []string{"main.vector", "main.metrics"},
	}, {
		program:  "commands",
		texts:    []string{"main.runners", "main.runner", "os/exec.(*Cmd)"},
		culprits: []string{"main.runner"},
	}, {
		program:  "pending",
		texts:    []string{"main.(*producer).dispatch", "map[int]*main.message", "main.message"},
		culprits: []string{"main.(*producer).dispatch"},
	}, {
		program:  "limiters",
		texts:    []string{"main.limit.visitors", "sync.Map of 40,000 entries|main.visitor"},
		culprits: []string{"main.limit"},
	}, {
		program:  "buckets",
		texts:    []string{"main.table", "[16384]*main.entry", "100,000 × main.entry"},
		culprits: []string{"main.table"},
	},

	{
		program:  "listener",
		texts:    []string{"main.informers.informers[…].processor.listeners[…].pendingNotifications.data", "[]interface {}", "main.updateNotification"},
		culprits: []string{"main.processorListener"},
	}, {
		program:  "failures",
		texts:    []string{"main.Controller", ".failures", "map[interface {}]int"},
		culprits: []string{"main.Controller"},
	}, {
		program:  "watchers",
		texts:    []string{"main.srv.kv.(*main.store).synced", "by .keyWatchers, .ranges and .watchers|.keyWatchers, .ranges and .watchers together", "40,000 × main.watcher"},
		culprits: []string{"main.srv"},
	}, {
		program:  "fanout",
		texts:    []string{"main.hub.rooms[…].clients", "× []uint8", "main.(*Client).writePump"},
		culprits: []string{"main.hub"},
	}, {
		program:  "spanqueue",
		texts:    []string{"main.global", ".queue", "main.ReadOnlySpan", "main.recordingSpan"},
		culprits: []string{"main.batchSpanProcessor"},
	}, {
		program:  "slabs",
		texts:    []string{"main.kv.shards", "[8]main.arena", "240 × main.slab"},
		culprits: []string{"main.kv"},
	}, {
		program:  "deadletters",
		texts:    []string{"main.svc.bus.dead", "list of 2,500 main.deadLetter", "main.envelope"},
		culprits: []string{"main.svc"},
	}, {
		program:  "codecs",
		texts:    []string{"main.ser.codecs[…].encoders", "main.encoder", "sync.Pool"},
		culprits: []string{"main.ser"},
	}, {
		program:  "interned",
		texts:    []string{"main.coll.reg.series", "map[main.labels]*main.series"},
		culprits: []string{"main.coll"},
		from:     25, // before, the tables are a global variable's alone
		noDump:   "cleanups",
	}, {
		program:  "delayed",
		texts:    []string{"s.q", "main.pq", "main.item", "main.invoice"},
		culprits: []string{"main.scheduler"},
	},

	{program: "rpcserver", texts: []string{nothing}},
	{program: "workers", texts: []string{nothing}},
	{program: "batch", texts: []string{nothing}},
	{program: "pipeline", texts: []string{nothing}},
	{program: "hub", texts: []string{nothing}},
	{program: "workpool", texts: []string{nothing}},
	{program: "spread", texts: []string{nothing}},
	{program: "pooled", texts: []string{nothing}},
}
