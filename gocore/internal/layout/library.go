package layout

// Library is the like of Runtime for the types of the standard library whose values
// goheap knows more of than their declarations say. A program has only those that it
// uses, so that all may be missing: then nothing is said of them.
type Library struct {
	// What hides pointers: see package types.
	ReflectValue struct {
		Name TypeName
		Typ  Field `field:"typ_|typ"`
		Ptr  Field `field:"ptr"`
		Flag Field `field:"flag"`
	} `type:"reflect.Value" use:"some"`
	AtomicPointer struct {
		Name TypeName
		V    Field `field:"v"`
	} `type:"sync/atomic.Pointer[*" go:"19-" use:"some"`
	BufioReader struct {
		Name TypeName
		Buf  Field `field:"buf"`
		R    Field `field:"r"`
		W    Field `field:"w"`
	} `type:"bufio.Reader" use:"some"`
	BufioWriter struct {
		Name TypeName
		Buf  Field `field:"buf"`
		N    Field `field:"n"`
	} `type:"bufio.Writer" use:"some"`
	SyntaxInst struct {
		Name TypeName
		Rune Field `field:"Rune"`
	} `type:"regexp/syntax.Inst" use:"some"`
	SyntaxRegexp struct {
		Name  TypeName
		Rune0 Field `field:"Rune0"`
	} `type:"regexp/syntax.Regexp" use:"some"`
	Pool struct {
		Name       TypeName
		Local      Field `field:"local"`
		LocalSize  Field `field:"localSize"`
		Victim     Field `field:"victim"`
		VictimSize Field `field:"victimSize"`
		New        Field `field:"New"`
	} `type:"sync.Pool" use:"some"`
	LabelsOfG struct {
		Name   TypeName
		Labels Field `field:"labels"`
	} `type:"runtime.g" use:"some"`
	LabelSet struct {
		List Field `field:"List"`
	} `type:"internal/runtime/pprof/label.Set" go:"26-" use:"some"`
	OlderLabelSet struct {
		List Field `field:"list"`
	} `type:"runtime/pprof.LabelSet" use:"some"`
	Label struct {
		Name  TypeName
		Key   Field `field:"Key|key"`
		Value Field `field:"Value|value"`
	} `type:"internal/runtime/pprof/label.Label|runtime/pprof.label" use:"some"`
	TraceableChan struct {
		Name TypeName
		Ptr  Field `field:"maybeTraceablePtr"`
	} `type:"runtime.maybeTraceableChan" go:"26-" use:"some"`
	RuntimeTimer struct {
		Name   TypeName
		When   Field `field:"when"`
		Period Field `field:"period"`
		F      Field `field:"f"`
		Arg    Field `field:"arg" size:"any"`
		// Until Go 1.22 a timer that was stopped or set anew stays where it is, and its
		// status says so.
		Status   Field `field:"status" go:"-22"`
		Nextwhen Field `field:"nextwhen" go:"-22"`
	} `type:"runtime.timer" use:"some"`
	TimeTimer struct {
		Name   TypeName
		Timer  Field `field:"timer" size:"any"`
		Init   Field `field:"init"`
		When   Field `field:"timer.when"`
		Period Field `field:"timer.period"`
	} `type:"runtime.timeTimer" go:"23-" use:"some"`
	Timer struct {
		Name TypeName
		R    Field `field:"r" go:"-22" size:"any"`
	} `type:"time.Timer" use:"some"`
	Ticker struct {
		Name TypeName
	} `type:"time.Ticker" use:"some"`
	MetricsValue struct {
		Name    TypeName
		Pointer Field `field:"pointer"`
	} `type:"runtime/metrics.Value" use:"some"`
	PoolLocal struct {
		Name    TypeName
		Private Field `field:"poolLocalInternal.private"`
		Tail    Field `field:"poolLocalInternal.shared.tail"`
	} `type:"sync.poolLocal" use:"some"`
	PoolChainElt struct {
		Name TypeName
		Vals Field `field:"poolDequeue.vals"`
		Next Field `field:"next"`
	} `type:"sync.poolChainElt" use:"some"`
	PoolEface struct {
		Name TypeName
		Typ  Field `field:"typ"`
		Val  Field `field:"val"`
	} `type:"sync.eface" use:"some"`

	// Descriptors that package reflect makes.
	AbiType struct {
		Name TypeName
		Kind Field `field:"Kind_|kind"`
	} `type:"internal/abi.Type|reflect.rtype" use:"some"`
	AbiFuncType struct {
		Name TypeName
		In   Field `field:"InCount|inCount"`
		Out  Field `field:"OutCount|outCount"`
	} `type:"internal/abi.FuncType|reflect.funcType" use:"some"`

	// Containers.
	List struct {
		Name TypeName
		Root Field `field:"root"`
		Len  Field `field:"len"`
	} `type:"container/list.List" use:"some"`
	ListElement struct {
		Name  TypeName
		Next  Field `field:"next"`
		Prev  Field `field:"prev"`
		List  Field `field:"list"`
		Value Field `field:"Value"`
	} `type:"container/list.Element" use:"some"`
	Ring struct {
		Name  TypeName
		Next  Field `field:"next"`
		Prev  Field `field:"prev"`
		Value Field `field:"Value"`
	} `type:"container/ring.Ring" use:"some"`

	// Wrappers: see package library, Unwrap. All have their value in a field of one name.
	AtomicInt64 struct {
		Name TypeName
		V    Field `field:"v"`
	} `type:"sync/atomic.Int64" go:"19-" use:"some"`
	AtomicBool struct {
		Name TypeName
		V    Field `field:"v"`
	} `type:"sync/atomic.Bool" go:"19-" use:"some"`
	AtomicValue struct {
		Name TypeName
		V    Field `field:"v"`
	} `type:"sync/atomic.Value" use:"some"`
	UniqueHandle struct {
		Name  TypeName
		Value Field `field:"value"`
	} `type:"unique.Handle[*" go:"23-" use:"some"`

	WeakPointer struct {
		Name TypeName
		U    Field `field:"u"`
	} `type:"weak.Pointer[*" go:"24-" use:"some"`

	// Values that are shown as their String or Error methods write them.
	Time struct {
		Name TypeName
		Wall Field `field:"wall"`
		Ext  Field `field:"ext"`
		Loc  Field `field:"loc"`
	} `type:"time.Time" use:"some"`
	Location struct {
		Name  TypeName
		Place Field `field:"name"`
	} `type:"time.Location" use:"some"`
	IPNet struct {
		Name TypeName
		IP   Field `field:"IP"`
		Mask Field `field:"Mask"`
	} `type:"net.IPNet" use:"some"`
	TCPAddr struct {
		Name TypeName
		IP   Field `field:"IP"`
		Port Field `field:"Port"`
		Zone Field `field:"Zone"`
	} `type:"net.TCPAddr" use:"some"`
	UDPAddr       struct{ Name TypeName } `type:"net.UDPAddr" use:"some"`
	SockaddrInet4 struct {
		Name TypeName
		Port Field `field:"Port"`
		Addr Field `field:"Addr" size:"any"`
	} `type:"syscall.SockaddrInet4" use:"some"`
	SockaddrInet6 struct{ Name TypeName } `type:"syscall.SockaddrInet6" use:"some"`
	UnixAddr      struct {
		Name TypeName
		Path Field `field:"Name"`
	} `type:"net.UnixAddr" use:"some"`
	NetipAddr struct {
		Name TypeName
		Hi   Field `field:"addr.hi"`
		Lo   Field `field:"addr.lo"`
		Z    Field `field:"z.value" go:"23-"`
		// OlderZ leads to an InternValue, of which two stand for no zone.
		OlderZ Field `field:"z" size:"any"`
	} `type:"net/netip.Addr" go:"18-" use:"some"`
	InternValue struct {
		Name   TypeName
		CmpVal Field `field:"cmpVal"`
	} `type:"internal/intern.Value" go:"-22" use:"some"`
	NetipDetail struct {
		Name   TypeName
		IsV6   Field `field:"isV6"`
		ZoneV6 Field `field:"zoneV6"`
	} `type:"net/netip.addrDetail" go:"23-" use:"some"`
	AddrPort struct {
		Name TypeName
		IP   Field `field:"ip" size:"any"`
		Port Field `field:"port"`
	} `type:"net/netip.AddrPort" use:"some"`
	Prefix struct {
		Name        TypeName
		IP          Field `field:"ip" size:"any"`
		BitsPlusOne Field `field:"bitsPlusOne" go:"21-"`
		Bits        Field `field:"bits" go:"-20"`
	} `type:"net/netip.Prefix" use:"some"`
	BigInt struct {
		Name TypeName
		Neg  Field `field:"neg"`
		Abs  Field `field:"abs"`
	} `type:"math/big.Int" use:"some"`
	Mutex struct {
		Name  TypeName
		State Field `field:"mu.state|state"`
		Sema  Field `field:"mu.sema|sema"`
	} `type:"sync.Mutex" use:"some"`
	InternalMutex struct {
		Name  TypeName
		State Field `field:"state"`
	} `type:"internal/sync.Mutex" go:"24-" use:"some"`
	RWMutex struct {
		Name        TypeName
		ReaderCount Field `field:"readerCount.v" go:"20-"`
		ReaderWait  Field `field:"readerWait.v" go:"20-"`
		// These are the two as they lie, whatever their types.
		Readers   Field `field:"readerCount"`
		Waiting   Field `field:"readerWait"`
		W         Field `field:"w" size:"any"`
		WriterSem Field `field:"writerSem"`
		ReaderSem Field `field:"readerSem"`
	} `type:"sync.RWMutex" use:"some"`
	// The list of a Cond is of the runtime's own type (runtime/sema.go, notifyList).
	Cond struct {
		Name TypeName
		Head Field `field:"notify.head"`
		Tail Field `field:"notify.tail"`
		List Field `field:"notify" size:"any"`
		L    Field `field:"L" size:"any"`
	} `type:"sync.Cond" use:"some"`
	ErrorString struct {
		Name TypeName
		S    Field `field:"s"`
	} `type:"errors.errorString" use:"some"`
	JoinError struct {
		Name TypeName
		Errs Field `field:"errs"`
	} `type:"errors.joinError" go:"20-" use:"some"`
	WrapError struct {
		Name TypeName
		Msg  Field `field:"msg"`
	} `type:"fmt.wrapError" use:"some"`
	WrapErrors struct {
		Name TypeName
		Msg  Field `field:"msg"`
	} `type:"fmt.wrapErrors" go:"20-" use:"some"`
	PathError struct {
		Name TypeName
		Op   Field `field:"Op"`
		Path Field `field:"Path"`
		Err  Field `field:"Err"`
	} `type:"io/fs.PathError" use:"some"`
	SyscallError struct {
		Name    TypeName
		Syscall Field `field:"Syscall"`
		Err     Field `field:"Err"`
	} `type:"os.SyscallError" use:"some"`
	LinkError struct {
		Name TypeName
		Op   Field `field:"Op"`
		Old  Field `field:"Old"`
		New  Field `field:"New"`
		Err  Field `field:"Err"`
	} `type:"os.LinkError" use:"some"`
	URLError struct {
		Name TypeName
		Op   Field `field:"Op"`
		URL  Field `field:"URL"`
		Err  Field `field:"Err"`
	} `type:"net/url.Error" use:"some"`
	ExecError struct {
		Name    TypeName
		Program Field `field:"Name"`
		Err     Field `field:"Err"`
	} `type:"os/exec.Error" use:"some"`
	NumError struct {
		Name TypeName
		Func Field `field:"Func"`
		Num  Field `field:"Num"`
		Err  Field `field:"Err"`
	} `type:"strconv.NumError" use:"some"`
	OpError struct {
		Name   TypeName
		Op     Field `field:"Op"`
		Net    Field `field:"Net"`
		Source Field `field:"Source"`
		Addr   Field `field:"Addr"`
		Err    Field `field:"Err"`
	} `type:"net.OpError" use:"some"`
	Once struct {
		Name TypeName
		Done Field `field:"done"`
		M    Field `field:"m" size:"any"`
	} `type:"sync.Once" use:"some"`
	WaitGroup struct {
		Name  TypeName
		State Field `field:"state|state1"`
		Sema  Field `field:"sema|state2"`
	} `type:"sync.WaitGroup" use:"some"`
	Builder struct {
		Name TypeName
		Buf  Field `field:"buf"`
	} `type:"strings.Builder" use:"some"`
	Buffer struct {
		Name TypeName
		Buf  Field `field:"buf"`
		Off  Field `field:"off"`
	} `type:"bytes.Buffer" use:"some"`
	CancelCtx struct {
		Name     TypeName
		Context  Field `field:"Context"`
		Err      Field `field:"err"`
		Children Field `field:"children"`
	} `type:"context.cancelCtx" use:"some"`
	TimerCtx struct {
		Name     TypeName
		Cancel   Field `field:"cancelCtx" size:"any"`
		Deadline Field `field:"deadline"`
	} `type:"context.timerCtx" use:"some"`
	ValueCtx struct {
		Name    TypeName
		Context Field `field:"Context"`
		Key     Field `field:"key"`
		Val     Field `field:"val"`
	} `type:"context.valueCtx" use:"some"`
	AfterFuncCtx struct {
		Name   TypeName
		Cancel Field `field:"cancelCtx" size:"any"`
	} `type:"context.afterFuncCtx" go:"21-" use:"some"`
	StopCtx struct {
		Name TypeName
	} `type:"context.stopCtx" go:"21-" use:"some"`
	WithoutCancelCtx struct {
		Name TypeName
		C    Field `field:"c"`
	} `type:"context.withoutCancelCtx" go:"21-" use:"some"`
	CopiedTimer struct { // of runtime.timer
		Name   TypeName
		Period Field `field:"period"`
		Status Field `field:"status"`
	} `type:"time.runtimeTimer" go:"-22" use:"some"`
}
