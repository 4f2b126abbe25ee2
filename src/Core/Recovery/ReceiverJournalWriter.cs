using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace FastStream;

/// <summary>
/// Writes entries to disk in order of arrival. A thread of its own writes all waiting entries as one frame, with one
/// <c>fsync</c>. Safe from any thread.
/// </summary>
/// <remarks>
/// A frame is <c>| number of its first entry (8 bytes) | each entry: length (4), bytes |</c>, or, before the first one
/// of a run in each file where entries are records, <c>| -1 (8) | their schema |</c>. After a disk failure nothing more
/// is appended, and every waiter gets the error.
/// </remarks>
internal sealed class ReceiverJournalWriter
{
    /// <summary>Marks a frame that contains the schema of the entries after it.</summary>
    public const long SchemaFrame = -1;

    private const int LargestKeptBuffer = 32 << 20;                   // a larger buffer is dropped after its frame

    private readonly string _input;                                   // its name, for messages
    private readonly ReceiverJournalOptions _options;
    private readonly BatchLog _log;
    private readonly Action<StreamingException> _fail;
    private readonly string? _schema;                                 // how entries are written; null for bytes as received
    // guards all below; pulsed when an entry arrives, when all waiting entries were taken, and at the end
    private readonly object _gate = new();
    private readonly Queue<(long First, int File)> _files;            // the existing files, each with its first entry
    private readonly TaskCompletionSource _ended = NewSource();
    private ArrayBufferWriter<byte> _waiting = NewFrame();
    private ArrayBufferWriter<byte> _spare = NewFrame();
    private TaskCompletionSource? _waitingDone;                       // for the waiting entries; null while nothing awaits them
    private TaskCompletionSource? _takenDone;                         // for the entries being written
    private TaskCompletionSource? _roomCame;                          // null while nothing waits for room
    private long _next;                                               // number of the next entry
    private long _taken;                                              // entries before this one are written or being written
    private long _written;                                            // entries before this one are on disk
    private IOException? _failure;
    private bool _isEnding;
    private bool _saysSchema;                                         // whether the current file has it; used by the thread only
    private long _fileBytes;                                          // bytes this object wrote to the current file; for the thread only

    /// <param name="input">The input's name.</param>
    /// <param name="options">The bounds.</param>
    /// <param name="log">The log to write to; this object owns it.</param>
    /// <param name="files">Existing files, in order, each with its first entry.</param>
    /// <param name="next">Number of the next entry.</param>
    /// <param name="fail">Called once, when the disk fails.</param>
    /// <param name="schema">Describes how entries are written; null for bytes as received.</param>
    public ReceiverJournalWriter(string input, ReceiverJournalOptions options, BatchLog log,
        IEnumerable<(long First, int File)> files, long next, Action<StreamingException> fail, string? schema = null)
    {
        _input = input;
        _options = options;
        _log = log;
        _fail = fail;
        _schema = schema;
        _files = new Queue<(long, int)>(files);
        if (_files.Count == 0)
        {
            _files.Enqueue((next, log.Segment));
        }

        _next = _taken = _written = next;
        new Thread(Run) { IsBackground = true, Name = $"FastStream journal of {input}" }.Start();
    }

    /// <summary>Number of the next entry.</summary>
    public long Next
    {
        get
        {
            lock (_gate)
            {
                return _next;
            }
        }
    }

    /// <summary>Whether the buffer has room for more entries that wait to be written.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return HasRoomLocked;
            }
        }
    }

    // After a failure nothing waits: the next append throws the error.
    private bool HasRoomLocked => _waiting.WrittenCount < _options.MaxPendingBytes || _failure is not null;

    /// <summary>Appends an entry; blocks while there is no room.</summary>
    /// <exception cref="IOException">
    /// The disk has failed, or the journal is closed: the entry will not be written.
    /// </exception>
    public void Append(ReadOnlySpan<byte> entry)
    {
        lock (_gate)
        {
            while (!HasRoomLocked)
            {
                Monitor.Wait(_gate);
            }

            if (_failure is not null)
            {
                throw Failed();
            }

            StateWriter.WriteInt32(_waiting, entry.Length);
            _waiting.Write(entry);
            if (_next++ == _taken)
            {
                Monitor.PulseAll(_gate);
            }
        }

        FailPoint.Pass("received");
    }

    /// <summary>Completes when the entries before a number are on disk.</summary>
    /// <exception cref="IOException">The disk has failed.</exception>
    public Task WhenWrittenAsync(long number)
    {
        lock (_gate)
        {
            if (number <= _written)
            {
                return Task.CompletedTask;
            }

            if (_failure is not null)
            {
                return Task.FromException(Failed());
            }

            return number <= _taken ? (_takenDone ??= NewSource()).Task : (_waitingDone ??= NewSource()).Task;
        }
    }

    /// <summary>Waits until there is room, or until no more entries are accepted.</summary>
    public async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task came;
            lock (_gate)
            {
                if (HasRoomLocked)
                {
                    return;
                }

                came = (_roomCame ??= NewSource()).Task;
            }

            await came.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// The position for a checkpoint whose batches include the entries before a number; those are on disk.
    /// </summary>
    public JournalPosition PositionOf(long number)
    {
        lock (_gate)
        {
            (long first, int file) = _files.Last(file => file.First <= number);
            return new JournalPosition(number, _written, file, first);
        }
    }

    /// <summary>Removes the files before a number.</summary>
    public void RemoveBefore(int file)
    {
        lock (_gate)
        {
            while (_files.Count > 1 && _files.Peek().File < file)
            {
                _files.Dequeue();
            }
        }

        _log.RemoveBefore(file);
    }

    /// <summary>Writes the waiting entries to disk and closes the journal.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
        }

        return _ended.Task;
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static ArrayBufferWriter<byte> NewFrame()
    {
        var frame = new ArrayBufferWriter<byte>();
        StateWriter.WriteInt64(frame, 0);   // the number of the first entry, filled in when the frame is written
        return frame;
    }

    private void Run()
    {
        try
        {
            while (TakeWaiting() is { } frame)
            {
                AppendSchema();
                _log.Append(frame.WrittenMemory);
                FailPoint.Pass("journal written");
                if (EndFrame(frame) >= _options.MaxFileBytes)
                {
                    Roll();
                }
            }
        }
        catch (Exception error)
        {
            Fail(error);
        }
        finally
        {
            _log.Dispose();
            _ended.TrySetResult();
        }
    }

    private void AppendSchema()
    {
        if (_schema is not null && !_saysSchema)
        {
            var frame = new ArrayBufferWriter<byte>();
            StateWriter.WriteInt64(frame, SchemaFrame);
            Encoding.UTF8.GetBytes(_schema, frame);
            _log.Append(frame.WrittenMemory);
            _saysSchema = true;
        }
    }

    // Returns null at the end.
    private ArrayBufferWriter<byte>? TakeWaiting()
    {
        lock (_gate)
        {
            while (_next == _taken && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            if (_next == _taken)
            {
                _failure = new IOException($"The journal of {_input} has ended: the context has stopped.");
                return null;
            }

            ArrayBufferWriter<byte> frame = _waiting;
            BinaryPrimitives.WriteInt64LittleEndian(MemoryMarshal.AsMemory(frame.WrittenMemory).Span, _taken);
            _taken = _next;
            _takenDone = _waitingDone;
            _waitingDone = null;
            _waiting = _spare;
            MakeRoomLocked();
            return frame;
        }
    }

    private void MakeRoomLocked()
    {
        Monitor.PulseAll(_gate);
        _roomCame?.TrySetResult();
        _roomCame = null;
    }

    // Returns the length of the file.
    private long EndFrame(ArrayBufferWriter<byte> frame)
    {
        _fileBytes += frame.WrittenCount;
        bool isLarge = frame.Capacity > LargestKeptBuffer;
        if (!isLarge)
        {
            frame.ResetWrittenCount();
            StateWriter.WriteInt64(frame, 0);
        }

        lock (_gate)
        {
            _spare = isLarge ? NewFrame() : frame;
            _written = _taken;
            _takenDone?.TrySetResult();
            _takenDone = null;
        }

        return _fileBytes;
    }

    private void Roll()
    {
        _log.Roll();
        _fileBytes = 0;
        _saysSchema = false;
        lock (_gate)
        {
            _files.Enqueue((_taken, _log.Segment));
        }

        FailPoint.Pass("journal rolled");
    }

    private void Fail(Exception error)
    {
        TaskCompletionSource?[] waiting;
        lock (_gate)
        {
            _failure = new IOException($"Data received by {_input} could not be written to disk: {error.Message}", error);
            waiting = [_takenDone, _waitingDone];
            MakeRoomLocked();
        }

        foreach (TaskCompletionSource source in waiting.OfType<TaskCompletionSource>())
        {
            source.TrySetException(Failed());
            _ = source.Task.Exception;   // observed here, in case nothing awaits the task any more
        }

        _fail(new StreamingException(_failure.Message, error));
    }

    private IOException Failed() => new($"{_failure!.Message} The record is not kept; send it again when the context runs "
        + "again.", _failure);
}
