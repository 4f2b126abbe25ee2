using System.Buffers;

namespace FastStream;

public static partial class StreamingContextSources
{
    /// <summary>Reads the lines of files that appear in a directory: UTF-8, ended by LF, CR LF or a lone CR.</summary>
    /// <remarks>
    /// The source lists the directory at every tick, and takes each new file once, in the order of modification time,
    /// then name. Write files elsewhere on the same file system, or under a name that begins with a dot, and move them
    /// in. Links, pipes, devices, sub-directories and names that are not UTF-8 are ignored; a file that cannot be
    /// opened is retried at every batch. While the directory is gone, batches are empty, and listeners are warned. The
    /// source skips a UTF-8 byte order mark at a file's start, and unpacks files named <c>.gz</c> and <c>.br</c>
    /// (<see cref="FileSourceOptions.Compression"/>); a file of UTF-16, or another archive, fails its batch. A line of
    /// more than <see cref="StreamingOptions.MaxRecordBytes"/> fails its batch with an error that says in which file
    /// and where, or is dropped or truncated (<see cref="FileSourceOptions.OversizedRecords"/>). A graceful stop leaves
    /// unread what is not in a batch yet. With checkpoints, a restart skips the files that were read, reads those that
    /// appeared meanwhile, and resumes a partly read file at its next byte. Batches run again from the files
    /// themselves: leave a file unchanged and in place until a checkpoint covers its batch
    /// (<see cref="CheckpointOptions.Interval"/> after it, or a graceful stop). If such a file is gone or was changed,
    /// the start is refused with a message that names it; <see cref="FileSourceOptions.LostFile"/> can continue without
    /// it.
    /// </remarks>
    /// <example><code>context.TextFileStream("incoming/*/").Filter(line => line.Contains("ERROR"u8)).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="directory">A directory, or a pattern of directories with <c>*</c> and <c>?</c>.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static DStream<Utf8Text> TextFileStream(this StreamingContext context, string directory, FileSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        options ??= new FileSourceOptions();
        return new FileInputDStream<Utf8Text>(context, directory, ValidUtf8LineDecoder.For(options.InvalidUtf8, context), options);
    }

    /// <summary>Reads the records of files that appear in a directory, in any framing.</summary>
    /// <remarks>
    /// All partitions together read a file whose records can be found from any byte, such as lines; one partition reads
    /// any other file.
    /// </remarks>
    /// <example><code>context.FileStream("incoming", new LengthPrefixedDecoder&lt;Trade&gt;(bytes => Trade.Parse(bytes)));</code></example>
    /// <param name="context">The context.</param>
    /// <param name="directory">A directory, or a pattern of directories with <c>*</c> and <c>?</c>.</param>
    /// <param name="decoder">Finds records in the files, and makes them.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range.</exception>
    public static DStream<T> FileStream<T>(this StreamingContext context, string directory, IRecordDecoder<T> decoder,
        FileSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(decoder);
        return new FileInputDStream<T>(context, directory, decoder, options ?? new FileSourceOptions());
    }

    /// <summary>
    /// Reads records of one length from files that appear in a directory, each as its own byte array. A file whose size
    /// is not a multiple of the length fails its batch.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="directory">A directory, or a pattern of directories with <c>*</c> and <c>?</c>.</param>
    /// <param name="recordBytes">Bytes of a record: 1 byte to 1 GiB.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    public static DStream<byte[]> BinaryRecordsStream(this StreamingContext context, string directory, int recordBytes,
        FileSourceOptions? options = null) =>
        context.BinaryRecordsStream(directory, recordBytes, bytes => bytes.ToArray(), options);

    /// <summary>
    /// Reads records of one length from files that appear in a directory, and makes them by a function. A file whose
    /// size is not a multiple of the length fails its batch.
    /// </summary>
    /// <example><code>context.BinaryRecordsStream("samples", 8, BinaryPrimitives.ReadDoubleLittleEndian).Print();</code></example>
    /// <param name="context">The context.</param>
    /// <param name="directory">A directory, or a pattern of directories with <c>*</c> and <c>?</c>.</param>
    /// <param name="recordBytes">Bytes of a record: 1 byte to 1 GiB.</param>
    /// <param name="parse">Makes a record from its bytes.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    public static DStream<T> BinaryRecordsStream<T>(this StreamingContext context, string directory, int recordBytes,
        RecordParser<T> parse, FileSourceOptions? options = null) =>
        context.FileStream(directory, new FixedLengthDecoder<T>(recordBytes, parse), options);
}

internal sealed class FileInputDStream<T> : InputDStream<T>
{
    private const int FewHandles = 256;             // with fewer left, assemblies loaded late may not get one

    private readonly IRecordDecoder<T> _decoder;
    private readonly FileSourceOptions _options;
    private readonly FileSource _source;
    private readonly FileListing _listing;
    private readonly FileSelector _selector;
    private readonly FileParts<T> _parts;
    private Queue<FileStatus> _waiting = [];            // selected, in order, not begun yet
    private readonly List<FileStatus> _found = [];      // selected by the listing in progress
    private IEnumerator<string>? _paths;                // the listing in progress
    private BatchTime _listingBegan;
    private long _listingBeganMs;                       // its start, by the wall clock
    private WallClock _clock;
    private OpenFile? _file;                            // begun, not read to its end
    private long _at;                                   // offset in it where the next batch begins
    private BegunFile? _begun;                          // before the start: begun by an earlier run
    private bool _goesOn;                               // whether there was an earlier run
    private bool _isMissing;                            // the directory, or every directory of a pattern, at the last listing

    public FileInputDStream(StreamingContext context, string directory, IRecordDecoder<T> decoder, FileSourceOptions options)
        : base(context, "File")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        _decoder = decoder;
        _options = options = options.Validated();   // nothing below looks at what the caller may still change
        _source = FileSource.For(context) with
        {
            Oversized = options.OversizedRecords,
            LostFile = options.LostFile,
            Compression = options.Compression,
            MaxUnpackedBytes = options.MaxUnpackedBytes,
            HasOptions = true,
            Handles = new HandleReserve(context.Options.Partitions, Warn, OpenFile.OpenHandle),
            Warn = Warn,
        };
        _parts = new FileParts<T>(decoder, _source);
        _listing = new FileListing(Path.GetFullPath(directory), options.Filter, Warn, SourceContext.FindOwnWriter);
        _selector = new FileSelector(options, context.Options.BatchInterval,
            context.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds(), Warn);
        _clock = new WallClock(context.Options.TimeProvider);
        if (options is { NewFilesOnly: true, Detection: FileDetection.ModificationTime })
        {
            PassOverOldFiles();
        }
    }

    protected override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        if (_listing.IsOneDirectory && SourceContext.FindOwnWriter(_listing.Pattern) is { } writer)
        {
            throw new InvalidOperationException(
                $"{Name} watches {_listing.Pattern}, which has {writer}: they would be read as data. Watch a "
                + "directory that the program does not write to, or give what it writes another place.");
        }

        KeepHandlesBack();
        _clock = new WallClock(Context.Options.TimeProvider);
        if (_begun is { } begun)
        {
            _file = Reopen(begun);
            _at = begun.At;
            _begun = null;
        }

        // Files that appeared while the program was down are new.
        if (!_goesOn && _options is { Detection: FileDetection.Arrival, NewFilesOnly: true })
        {
            try
            {
                foreach (string path in _listing.Paths())
                {
                    if (FileStatus.Of(path) is { Size: > 0 } file)
                    {
                        _selector.Skip(file);
                    }
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                WarnOfListing(error);
            }
        }

        return ValueTask.CompletedTask;
    }

    protected override InputBatch<T> Cut(BatchTime time)
    {
        _selector.StepMs = _clock.StepMs(time);
        _selector.ReadMs = _clock.NowMs;
        List(time);
        return Read(time);
    }

    protected override void SaveBatch(InputBatch<T> batch, IBufferWriter<byte> output) =>
        PlannedRange.Write(((FileBatch<T>)batch).Ranges, output);

    protected override InputBatch<T> LoadBatch(BatchTime time, ReadOnlyMemory<byte> saved)
    {
        _goesOn = true;
        PlannedRange[] ranges = PlannedRange.Read(saved.Span, $"batch {time} of {Name}");
        ranges = Array.ConvertAll(ranges, range => range with { File = SavedFile.AsOfNow(range.File) });
        foreach (PlannedRange range in ranges)
        {
            _selector.Take(range.File, time);
            _begun = range.End < range.File.Size ? new BegunFile(range.File, range.End) : null;
        }

        HashSet<FileIdentity> taken = ranges.Select(range => range.File.Identity).ToHashSet();
        _waiting = new Queue<FileStatus>(_waiting.Where(file => !taken.Contains(file.Identity)));
        _found.RemoveAll(file => taken.Contains(file.Identity));
        if (_options.LostFile == LostFilePolicy.Fail)
        {
            PlannedFileBatch.Check(ranges, mayGrow: false);
        }

        return PlannedFileBatch.Of(ranges, mayGrow: false, _options.ReadMode, _decoder, _source, PartitionCount);
    }

    protected override void SavePosition(BatchTime time, IBufferWriter<byte> output) =>
        new FilePosition(_selector.Save(time), _waiting, _found, _file is null ? null : new BegunFile(_file.Listed, _at)).Write(output);

    protected override void LoadPosition(ReadOnlySpan<byte> saved)
    {
        _goesOn = true;
        FilePosition position = FilePosition.Read(saved, Name);
        if (position.Selector.Detection != _options.Detection)
        {
            // What one kind of detection remembers is not enough for the other: files would be read again.
            throw new InvalidOperationException(
                $"{Name} knew new files by {position.Selector.Detection} when it was saved, and "
                    + $"FileSourceOptions.Detection is {_options.Detection} now. Set it back, or give the input "
                    + "another name by Named to begin it anew.");
        }

        _selector.Load(position.Selector);
        _waiting = new Queue<FileStatus>(position.Waiting);
        _found.AddRange(position.Found);
        _begun = position.Begun;
    }

    protected override ValueTask CloseAsync()
    {
        _file?.Dispose();
        _paths?.Dispose();
        _source.Handles!.Dispose();
        return ValueTask.CompletedTask;
    }

    private void KeepHandlesBack()
    {
        HandleLimit.Check(PartitionCount, Warn);
        _source.Handles!.Begin();
        if (HandleLimit.Left() is < FewHandles && _options.Compression != FileCompression.None)
        {
            GzipFile.Load();
        }
    }

    // A listing made now tells old files from new ones without times. Nobody is warned: the first batch lists again.
    private void PassOverOldFiles()
    {
        var listing = new FileListing(_listing.Pattern, null, (_, _) => { });
        try
        {
            foreach (string path in listing.Paths())
            {
                if (FileStatus.Of(path) is { Size: > 0 } file)
                {
                    _selector.PassOver(file);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The directory does not exist, so it has no old files.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return;
        }

        if (listing.Unlisted.Count == 0)
        {
            _selector.KnowOldFiles();
        }
    }

    private OpenFile? Reopen(BegunFile begun)
    {
        string role = $"was read up to byte {begun.At}";
        OpenFile? file = null;
        try
        {
            SavedFile.Check(begun.File, mayGrow: false, role);
            file = new OpenFile(begun.File, _options.ReadMode, _source.Handles);
            SavedFile.Check(begun.File, mayGrow: false, role);
            return file;
        }
        catch (InvalidDataException error) when (_options.LostFile == LostFilePolicy.Skip)
        {
            file?.Dispose();
            _source.CountLost(begun.File, error.Message);
            return null;
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Begins or continues a listing, as far as one batch may; a complete one queues the files it found.
    /// </summary>
    private void List(BatchTime time)
    {
        try
        {
            if (_paths is null)
            {
                _paths = _listing.Paths().GetEnumerator();
                _listingBegan = time;
                _listingBeganMs = time.Milliseconds + _selector.StepMs;
            }

            for (int entries = 0; entries < _options.MaxEntriesPerBatch; entries++)
            {
                if (!_paths.MoveNext())
                {
                    EndListing(time);
                    return;
                }

                if (FileStatus.Of(_paths.Current) is { } file && _selector.Select(file, time))
                {
                    _found.Add(file);
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The files found so far are kept; the next batch begins a new listing.
            WarnOfListing(error);
            LineUp();
        }
        catch
        {
            // The filter threw. An interrupted listing must not count as a complete one.
            LineUp();
            throw;
        }
    }

    private void EndListing(BatchTime time)
    {
        if (!_listing.IsOneDirectory && _listing.ListedDirectories == 0 && _listing.Unlisted.Count == 0)
        {
            if (!_isMissing)
            {
                _isMissing = true;
                Warn($"No directory matches {_listing.Pattern}; batches are empty until one does. A pattern names "
                    + "directories, whose files are read; to choose among files, give their directory and a FileSourceOptions.Filter.");
            }
        }
        else if (_isMissing)
        {
            _isMissing = false;
            Warn(_listing.IsOneDirectory
                ? $"The directory {_listing.Pattern} is there now." : $"Directories match {_listing.Pattern} now.");
        }

        if (time - _listingBegan > Context.Options.BatchInterval)
        {
            Warn($"Listing {_listing.Pattern} took from batch {_listingBegan} to {time}. Move files away that were "
                + "read, or raise FileSourceOptions.MaxEntriesPerBatch.");
        }

        LineUp();
        _selector.Forget(time, _listingBegan, _listing.Unlisted, _listingBeganMs);
    }

    private void LineUp()
    {
        _paths?.Dispose();
        _paths = null;
        foreach (FileStatus file in _found.OrderBy(file => file.ModifiedTicks).ThenBy(file => file.Path, StringComparer.Ordinal))
        {
            _waiting.Enqueue(file);
        }

        _found.Clear();
    }

    /// <summary>Takes the next files in the queue, or parts of them, up to the batch's bounds.</summary>
    private FileBatch<T> Read(BatchTime time)
    {
        var ranges = new List<FileRange>();
        long left = _options.MaxBytesPerBatch;
        while (left > 0 && ranges.Count < _options.MaxFilesPerBatch && (_file is not null || TryOpenNext(time)))
        {
            OpenFile file = _file!;
            if (_parts.EndOf(file, _at, left) is not { } end)
            {
                break;   // the next batch searches further
            }

            ranges.Add(new FileRange(file, _at, end));
            left -= _parts.Weigh(file, _at, end);
            _at = end;
            if (end < file.Length)
            {
                // The batch is one holder of the file, this source the other.
                file.Retain();
            }
            else
            {
                file.CloseWhenRead();
                _file = null;
            }
        }

        string? description = ranges.Count == 0 ? null : string.Join('\n', ranges.Select(range => range.File.Path));
        return new FileBatch<T>(ranges, _decoder, _source, PartitionCount, description);
    }

    private bool TryOpenNext(BatchTime time)
    {
        while (_waiting.TryDequeue(out FileStatus next))
        {
            try
            {
                // Checked before, because opening a pipe in the file's place would hang, and after, because another
                // file may have come in between.
                if (IsAsListed(next) && TryOpen(next))
                {
                    return true;
                }

                // Somebody still writes to it, or it was replaced: the next listing looks at it again.
                _selector.Unselect(next, time);
            }
            catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
            {
                _selector.Unselect(next, time);
                Context.Metrics.AddLostFiles(1);
                Warn($"{next.Path} was listed and is gone now; it was not read. Leave files in place until they are read.", error);
            }
            catch (IOException error) when (HandleLimit.IsReached(error))
            {
                // The file is not at fault, and the next one would fail in the same way.
                _waiting = new Queue<FileStatus>(_waiting.Prepend(next));
                Warn($"{next.Path} and the files behind it wait for the next batch, as the process has as many files "
                    + $"open as it may. {HandleLimit.Advice}", error);
                return false;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                if (_selector.Unselect(next, time))
                {
                    Warn($"{next.Path} cannot be read and is tried again at every batch: {error.Message}", error);
                }
            }
        }

        return false;
    }

    private bool TryOpen(in FileStatus next)
    {
        var file = new OpenFile(next, _options.ReadMode, _source.Handles);
        try
        {
            if (file.Length == next.Size && IsAsListed(next))
            {
                bool isPacked = UnpackedFile.PackingOf(next.Path, _options.Compression) != Packing.None;
                _at = isPacked ? 0 : ByteOrderMark.LengthIn(file, _decoder);
                _file = file;
            }

            return _file is not null;
        }
        finally
        {
            if (_file is null)
            {
                file.Dispose();
            }
        }
    }

    private static bool IsAsListed(in FileStatus listed) =>
        FileStatus.Of(listed.Path) is { } now
            ? now.Identity == listed.Identity && now.IsUnchangedSince(listed)
            : throw new FileNotFoundException($"{listed.Path} is no longer a file.");

    private void WarnOfListing(Exception error)
    {
        if (error is DirectoryNotFoundException && _listing.IsOneDirectory)
        {
            if (!_isMissing)
            {
                Warn($"The directory {_listing.Pattern} is not there; batches are empty until it is.", error);
            }

            _isMissing = true;
            return;
        }

        Warn($"{_listing.Pattern} cannot be listed: {error.Message}", error);
    }

    private void Warn(string message) => Warn(message, null);

    private void Warn(string message, Exception? error) => Context.Warn($"{Name}: {message}", error);
}
