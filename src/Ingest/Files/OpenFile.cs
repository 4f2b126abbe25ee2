using System.IO.MemoryMappedFiles;
using CommunityToolkit.HighPerformance.Buffers;
using Microsoft.Win32.SafeHandles;

namespace FastStream;

/// <summary>A file being read, by reads or through a mapping; shared by the batches that read from it.</summary>
internal sealed unsafe class OpenFile : IDisposable
{
    private const int BoundaryWindowBytes = 4096;

    private readonly SafeFileHandle _handle;
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _address;   // of the file's first byte when mapped
    private int _holders = 1;

    public OpenFile(in FileStatus listed, FileReadMode mode)
    {
        _handle = File.OpenHandle(listed.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        Length = RandomAccess.GetLength(_handle);
        Listed = listed with { Size = Length };
        if (mode == FileReadMode.MemoryMapped && Length > 0)
        {
            _mapping = MemoryMappedFile.CreateFromFile(_handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _address);
            _address += _view.PointerOffset;
        }
    }

    /// <summary>As it was found before it was opened, with the length that is read.</summary>
    public FileStatus Listed { get; }

    public string Path => Listed.Path;

    /// <summary>Bytes when it was opened; what is appended later is not read.</summary>
    public long Length { get; }

    public bool IsMapped => _view is not null;

    public void Retain() => Interlocked.Increment(ref _holders);

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            if (_view is not null)
            {
                _view.SafeMemoryMappedViewHandle.ReleasePointer();
                _view.Dispose();
                _mapping!.Dispose();
            }

            _handle.Dispose();
        }
    }

    /// <summary>Mapped bytes in place.</summary>
    public RecordBytes Mapped(long offset, int length) =>
        new(_address + offset, length, (int)Math.Min(Block.PaddingBytes, Length - offset - length));

    /// <summary>Fills the buffer from an offset; fewer bytes only at the end of the file.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        int total = 0;
        while (total < buffer.Length)
        {
            int read = RandomAccess.Read(_handle, buffer[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    /// <summary>The first record boundary at or after an offset: where a share of the file that begins there really begins. Null if none is near: the record is too long.</summary>
    public long? Boundary<T>(long offset, IRecordDecoder<T> decoder, int maxRecordBytes)
    {
        if (offset <= 0 || offset >= Length)
        {
            return Math.Clamp(offset, 0, Length);
        }

        // One byte earlier: if it ends a record, the boundary is the offset itself.
        for (int window = BoundaryWindowBytes; ; window = (int)Math.Min((long)window * 8, int.MaxValue / 2))
        {
            int length = (int)Math.Min(window, Length - offset + 1);
            using SpanOwner<byte> buffer = SpanOwner<byte>.Allocate(length);
            length = Read(offset - 1, buffer.Span);
            int found = decoder.FindFirst(buffer.Span[..length]);

            // A lone CR at the window's end may be half of a CR LF: look further unless the file ends there.
            if (found > 0 && (found < length || offset - 1 + length >= Length))
            {
                return offset - 1 + found;
            }

            if (offset - 1 + length >= Length)
            {
                return Length;
            }

            if (window > maxRecordBytes * 2L)
            {
                return null;
            }
        }
    }
}
