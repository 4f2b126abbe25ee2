using System.Threading.Tasks.Dataflow;

namespace FastStream.Runtime;

/// <summary>
/// Turns described streams into running chains, once, when the context starts: from the outputs back to the inputs, every step fully typed.
/// </summary>
/// <remarks>
/// Streams that share a chain of operators without an exchange form a stage; each stage has one
/// <see cref="StageRunner"/> for each partition. A stream with several consumers gets a tee, so that the common part of
/// a chain runs once.
/// </remarks>
public sealed class GraphBuilder
{
    private readonly Dictionary<DStream, int> _consumersLeft = [];     // consumers not connected yet
    private readonly Dictionary<DStream, object> _connected = [];      // List<Operator<T>[]> for each stream
    private readonly Dictionary<DStream, DStream> _stageOf = [];       // union-find: towards the stage's representative
    private readonly Dictionary<DStream, StageRunner[]> _runners = []; // by the stage's representative
    private readonly List<StageRoot> _roots = [];
    private readonly List<(StageRoot Root, StageRunner Runner)> _inputRoots = [];
    private readonly List<IDisposable> _owned = [];                    // disposed when the context stops
    private readonly List<IAtWork> _atWork = [];                       // operators that call user code, from the outputs back to the inputs
    private readonly List<(DStream Stream, int Partition, IRecordCounter Counter)> _counters = [];   // of each stream's first consumer
    private int _runnerCount;
    private readonly List<IStateSnapshot> _sections = [];
    private readonly List<IKeptStates> _states = [];                   // keyed states that can be queried
    private readonly Dictionary<(DStream Stream, int Partition, Type Type), object> _shared = [];
    private readonly ExecutionDataflowBlockOptions _blockOptions;

    internal GraphBuilder(TaskScheduler scheduler, KeySalt salt, object? services = null)
    {
        Salt = salt;
        Services = services;
        _blockOptions = new ExecutionDataflowBlockOptions { TaskScheduler = scheduler, EnsureOrdered = true };
    }

    /// <summary>
    /// Creates the consumer's operators, one for each partition of the parent, and connects them to it. The state of a
    /// <see cref="StatefulOperator{TIn, TOut}"/> is then in checkpoints, under the consumer's name, if the operator has
    /// a <see cref="StatefulOperator{TIn, TOut}.Schema"/>.
    /// </summary>
    /// <typeparam name="T">The parent's record.</typeparam>
    /// <param name="parent">The stream whose records are taken in.</param>
    /// <param name="consumer">The stream or output that the operators belong to; its name is in errors.</param>
    /// <param name="create">Creates the operator of a partition.</param>
    /// <exception cref="InvalidOperationException">
    /// The operators save state by key, and the parent is not partitioned by a key that every process maps to the same
    /// partition; or the consumer has such operators already.
    /// </exception>
    public void Attach<T>(DStream<T> parent, DStream consumer, Func<int, Operator<T>> create)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(consumer);
        ArgumentNullException.ThrowIfNull(create);
        var states = new List<IStateful>();
        Attach(parent, () => consumer.Name, consumer.Origin, partition =>
        {
            Operator<T> made = create(partition);
            if (made is IStateful { Schema: not null } state)
            {
                states.Add(state);
                if (states.Count == parent.PartitionCount)
                {
                    AddStates(parent, consumer, states);
                }
            }

            return made;
        });
    }

    // Before anything is attached to the parent's parents, in the order of the built-in operators.
    private void AddStates<T>(DStream<T> parent, DStream consumer, List<IStateful> states)
    {
        if (consumer.Context.Options.Checkpoint is null)
        {
            return;
        }

        if (states[0].IsKeyed && parent.Partitioner is not { IsByStableKey: true })
        {
            throw new InvalidOperationException(
                $"{consumer.Name} keeps something by key, and {parent.Name} before it is "
                    + (parent.IsPartitionedByKey
                        ? "partitioned by a key that another process may not find again. " : "not partitioned by key. ")
                + "Put PartitionBy between the two, with a key of numbers, strings, texts or structs of such; or let IsKeyed be false.");
        }

        if (_sections.Exists(section => ReferenceEquals(section.Stream, consumer)))
        {
            throw new InvalidOperationException(
                $"{consumer.Name} has attached operators with a Schema twice. A checkpoint knows one state for each "
                + "stream: make two streams of it, or leave one Schema null.");
        }

        AddSection(consumer, _ => new OperatorSection(consumer, states, Salt));
    }

    internal void Attach<T>(DStream<T> parent, Func<string> name, string? origin, Func<int, Operator<T>> create)
    {
        // From the last consumer of a stream back to the stream's parents: as deep as the chain is long.
        Throw.IfStackIsLow();
        var operators = new Operator<T>[parent.PartitionCount];
        for (int partition = 0; partition < operators.Length; partition++)
        {
            var guard = new OperatorGuard<T>(name(), create(partition), origin);
            operators[partition] = guard;
            _atWork.Add(guard);
        }

        if (!_connected.TryGetValue(parent, out object? consumers))
        {
            _connected.Add(parent, consumers = new List<Operator<T>[]>());
            _counters.AddRange(operators.Select((each, partition) => ((DStream)parent, partition, (IRecordCounter)each)));
        }

        var list = (List<Operator<T>[]>)consumers;
        list.Add(operators);
        if (--_consumersLeft[parent] == 0)
        {
            parent.Connect(this, list.Count == 1 ? list[0] : Tee.Of(list));
        }
    }

    /// <summary>The runner of a partition of the stage that a stream runs in.</summary>
    internal StageRunner Runner(DStream stream, int partition)
    {
        DStream stage = StageOf(stream);
        if (!_runners.TryGetValue(stage, out StageRunner[]? runners) || runners.Length <= partition)
        {
            int have = runners?.Length ?? 0;
            Array.Resize(ref runners, partition + 1);
            for (int i = have; i < runners.Length; i++)
            {
                runners[i] = new StageRunner(_blockOptions, stage, i, _runnerCount++);
            }

            _runners[stage] = runners;
        }

        return runners[partition];
    }

    internal void AddRoot(StageRoot root) => _roots.Add(root);

    /// <summary>
    /// An object that the operators of two streams share in one partition, one for each type; created by the first
    /// call.
    /// </summary>
    internal TShared Shared<TShared>(DStream stream, int partition, Func<TShared> create)
        where TShared : class
    {
        if (!_shared.TryGetValue((stream, partition, typeof(TShared)), out object? shared))
        {
            _shared.Add((stream, partition, typeof(TShared)), shared = create());
        }

        return (TShared)shared;
    }

    /// <summary>Disposes of an object when the context stops.</summary>
    internal T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    /// <summary>Determines which partition owns a key.</summary>
    internal KeySalt Salt { get; }

    /// <summary>
    /// Services that a higher layer gives to its own streams, such as the stores of states; null where there are none.
    /// </summary>
    internal object? Services { get; }

    /// <summary>The times at which operators have work to do without input.</summary>
    internal DueTimes Due { get; } = new();

    internal void AddInputRoot(DStream stream, int partition, StageRoot root)
    {
        _roots.Add(root);
        if (root is IAtWork input)
        {
            _atWork.Add(input);
        }

        _inputRoots.Add((root, Runner(stream, partition)));
    }

    /// <summary>Registers a stream's state for checkpoints, where the context has them.</summary>
    internal void AddSection(DStream stream, Func<RecordSerializers, IStateSnapshot> create)
    {
        if (stream.Context.Options.Checkpoint is { } checkpoint)
        {
            _sections.Add(create(checkpoint.Serializers));
        }
    }

    /// <summary>Registers keyed states that can be queried between batches.</summary>
    internal void AddStates(IKeptStates states) => _states.Add(states);

    internal Graph Build(IReadOnlyList<OutputOperation> outputs, IReadOnlyList<IInputStream> inputs)
    {
        var seen = new HashSet<DStream>();
        foreach (OutputOperation output in outputs)
        {
            CountConsumers(output.Stream, seen);
        }

        foreach (OutputOperation output in outputs)
        {
            output.Connect(this);
        }

        Due.AddSlides(seen, outputs);
        var inputIndexes = new Dictionary<object, int>();
        for (int i = 0; i < inputs.Count; i++)
        {
            inputIndexes.Add(inputs[i], i);
        }

        foreach ((StageRoot root, _) in _inputRoots)
        {
            root.BindInput(inputIndexes);
        }

        StageRunner[] inOrder = [.. _runners.Values.SelectMany(runners => runners).OrderBy(runner => runner.Index)];
        return new Graph(outputs, inputs, _inputRoots, _roots, _owned, _sections, inOrder, _atWork,
            new RecordCounts(_counters), Due, [.. _states.OrderBy(states => states.Stream.Place)]);
    }

    // Depth first without recursion: described chains may be long. Each edge counts one consumer; the stages of
    // neighbours merge where there is no exchange.
    private void CountConsumers(DStream first, HashSet<DStream> seen)
    {
        var toVisit = new Stack<DStream>();
        Visit(first);
        while (toVisit.TryPop(out DStream? stream))
        {
            foreach (DStream parent in stream.Parents)
            {
                Visit(parent);
                if (stream.SharesStageWithParents)
                {
                    _stageOf[StageOf(stream)] = StageOf(parent);
                }
            }
        }

        void Visit(DStream stream)
        {
            _consumersLeft[stream] = _consumersLeft.GetValueOrDefault(stream) + 1;
            if (seen.Add(stream))
            {
                _stageOf.TryAdd(stream, stream);
                toVisit.Push(stream);
            }
        }
    }

    private DStream StageOf(DStream stream)
    {
        while (!ReferenceEquals(_stageOf[stream], stream))
        {
            stream = _stageOf[stream];
        }

        return stream;
    }
}
