using System.Buffers;

namespace FastStream.Runtime;

/// <summary>Writes a new file through one pooled buffer.</summary>
internal sealed class FileBufferWriter : OutputFile, IDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly bool _isSummed;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _count;      // bytes in the buffer
    private long _written;   // bytes in the file
    private uint _crc = Crc32C.Start;

    /// <summary>Creates the file; it must not exist.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="isPrivate">Whether only the owner may read it; else the process's default permissions apply.</param>
    /// <param name="isSummed">Whether to compute <see cref="Sum"/>.</param>
    public FileBufferWriter(string path, bool isPrivate = false, bool isSummed = false)
    {
        _path = path;
        _isSummed = isSummed;
        _file = isPrivate
            ? PrivateFile.Open(path, FileMode.CreateNew)
            : new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Bytes written so far.</summary>
    public long Length => _written + _count;

    /// <summary>CRC-32C of the bytes, if requested.</summary>
    public uint Sum => Crc32C.End(Crc32C.Add(_crc, _buffer.AsSpan(0, _count)));

    public override void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _count);
        _count += count;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_count);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsSpan(_count);
    }

    /// <summary>Writes the remaining bytes and flushes the file to disk.</summary>
    public void Finish()
    {
        Write();
        DurableFile.Flush(_file.SafeFileHandle, _path);
    }

    public override ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        Finish();
        return ValueTask.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        _file.Dispose();
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void MakeRoom(int sizeHint)
    {
        int needed = Math.Max(sizeHint, 1);
        if (_buffer.Length - _count >= needed)
        {
            return;
        }

        Write();
        if (_buffer.Length < needed)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(needed);
        }
    }

    private void Write()
    {
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, _count);
        _crc = _isSummed ? Crc32C.Add(_crc, bytes) : _crc;
        RandomAccess.Write(_file.SafeFileHandle, bytes, _written);
        _written += _count;
        _count = 0;
    }
}
