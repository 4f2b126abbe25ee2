using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace FastStream;

/// <summary>The checkpoints in a directory: each a directory of its own that appears whole, with a manifest and the data.</summary>
internal sealed class CheckpointStore(string directory)
{
    private const string Prefix = "checkpoint-";
    private const string DataName = "data";
    private const string ManifestName = "manifest";

    /// <summary>Numbers of what is there, newest first.</summary>
    public IReadOnlyList<int> Numbers => Directory.EnumerateDirectories(directory, Prefix + "*")
        .Select(path => int.TryParse(Path.GetFileName(path)[Prefix.Length..], out int number) ? number : -1).Where(number => number >= 0).OrderDescending().ToArray();

    /// <summary>Writes a checkpoint and looks at what was written.</summary>
    /// <param name="number">Its number; there must be none of it.</param>
    /// <param name="describe">Gets a writer for the parts, and gives the manifest, without what only the writer knows.</param>
    public void Save(int number, Func<CheckpointWriter, CheckpointManifest> describe)
    {
        using (var whole = new WholeDirectory(PathOf(number)))
        {
            CheckpointManifest manifest;
            using (FileBufferWriter file = whole.NewFile(DataName))
            {
                var writer = new CheckpointWriter(file);
                manifest = describe(writer) with { DataLength = writer.Length, DataSum = writer.Sum, Parts = writer.Parts };
                file.Finish();
            }

            CrashPoint.Pass("states written");
            using FileBufferWriter manifestFile = whole.NewFile(ManifestName);
            manifest.Write(manifestFile);
            manifestFile.Finish();
            CrashPoint.Pass("manifest written");
            whole.Publish();
        }

        CrashPoint.Pass("checkpoint there");
        using CheckpointData written = Load(number);
    }

    /// <summary>Opens a checkpoint, after all of it was found to be as it was written.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public CheckpointData Load(int number)
    {
        string path = PathOf(number);
        try
        {
            return new CheckpointData(CheckpointManifest.Read(File.ReadAllBytes(Path.Combine(path, ManifestName))), Path.Combine(path, DataName));
        }
        catch (FileNotFoundException error)
        {
            throw new InvalidDataException($"{error.FileName} is missing.", error);
        }
    }

    /// <summary>The log file in which the batches after a checkpoint begin; 0 where its manifest cannot be read, so that no log file goes that an undamaged copy of it would need.</summary>
    public int LogSegmentOf(int number)
    {
        try
        {
            return CheckpointManifest.Read(File.ReadAllBytes(Path.Combine(PathOf(number), ManifestName))).LogSegment;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return 0;
        }
    }

    /// <summary>Puts a damaged checkpoint aside, so that its number is free and nobody takes it for a good one.</summary>
    public void PutAside(int number)
    {
        string to = Path.Combine(directory, $"damaged-{number:D9}");
        for (int i = 2; Directory.Exists(to); i++)
        {
            to = Path.Combine(directory, $"damaged-{number:D9}-{i}");
        }

        Directory.Move(PathOf(number), to);
        DurableFile.FlushDirectory(directory);
    }

    public void Remove(int number) => Directory.Delete(PathOf(number), recursive: true);

    private string PathOf(int number) => Path.Combine(directory, $"{Prefix}{number:D9}");
}

/// <summary>Writes the parts of a checkpoint's data, one after the other.</summary>
internal sealed class CheckpointWriter(IBufferWriter<byte> file) : IBufferWriter<byte>
{
    private readonly List<CheckpointPart> _parts = [];
    private Memory<byte> _given;
    private uint _crc = Crc32C.Start;

    public long Length { get; private set; }

    public uint Sum => Crc32C.End(_crc);

    public IReadOnlyList<CheckpointPart> Parts => _parts;

    /// <summary>Writes one part.</summary>
    public void Write(string kind, string name, string schema, Action<IBufferWriter<byte>> write)
    {
        long offset = Length;
        write(this);
        _parts.Add(new CheckpointPart(kind, name, schema, offset, Length - offset));
    }

    public void Advance(int count)
    {
        _crc = Crc32C.Add(_crc, _given.Span[..count]);
        Length += count;
        file.Advance(count);
        _given = _given[count..];
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _given = file.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}

/// <summary>A checkpoint's data, mapped: reading a part touches only its pages.</summary>
internal sealed unsafe class CheckpointData : IDisposable
{
    private readonly MemoryMappedFile? _file;              // null where there are no bytes
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _bytes;

    /// <exception cref="InvalidDataException">The data are not those that the manifest speaks of.</exception>
    public CheckpointData(CheckpointManifest manifest, string path)
    {
        Manifest = manifest;
        long length = new FileInfo(path).Length;
        if (length != manifest.DataLength)
        {
            throw new InvalidDataException($"{path} has {length} bytes; {manifest.DataLength} are expected.");
        }

        if (length > 0)
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
            _bytes += _view.PointerOffset;
        }

        if (SumOf(length) != manifest.DataSum || manifest.Parts.Any(part => part.Offset < 0 || part.Length is < 0 or > int.MaxValue || part.Offset + part.Length > length))
        {
            Dispose();
            throw new InvalidDataException($"{path} is not as it was written.");
        }
    }

    public CheckpointManifest Manifest { get; }

    /// <summary>The bytes of a part, pinned until this is disposed.</summary>
    public ReadOnlySpan<byte> Read(CheckpointPart part) => new(_bytes + part.Offset, (int)part.Length);

    public void Dispose()
    {
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _file?.Dispose();
    }

    private uint SumOf(long length)
    {
        const int piece = 1 << 26;
        uint crc = Crc32C.Start;
        for (long at = 0; at < length; at += piece)
        {
            crc = Crc32C.Add(crc, new ReadOnlySpan<byte>(_bytes + at, (int)Math.Min(piece, length - at)));
        }

        return Crc32C.End(crc);
    }
}
