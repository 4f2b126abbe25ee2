using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Memory for an operator's texts that outlive their batch: pinned chunks, which are filled one after another and
/// return when they have no reader left.
/// </summary>
/// <remarks>
/// Windows and states copy the texts that they keep, so that a long window never holds received blocks, which receivers
/// would then lack. Texts inside their struct (15 bytes and less) are not copied. Only the thread of the operator
/// copies; any thread returns chunks.
/// </remarks>
internal sealed unsafe class TextArena
{
    /// <summary>Bytes of a chunk; a longer text gets a chunk of its own.</summary>
    public const int ChunkBytes = 64 * 1024;

    private const int SpareChunks = 4;   // kept even when nothing is in use

    private readonly ConcurrentStack<ArenaChunk> _free = new();
    private ArenaChunk? _current;   // being filled; held by the arena
    private int _used;             // bytes used in it
    private int _inUse;            // chunks out of the pool
    private int _freeCount;        // chunks in _free, whose own count would enumerate them

    /// <summary>A copy of the text in this memory, held by the lease.</summary>
    public Utf8Text Copy(in Utf8Text text, ArenaLease lease)
    {
        if (!text.IsLong)
        {
            return text;
        }

        ReadOnlySpan<byte> bytes = text.LongSpan;
        if (bytes.Length > ChunkBytes / 4)
        {
            var own = new ArenaChunk(null, bytes.Length);
            lease.Add(own);
            own.Release();   // only the lease holds the chunk
            return Write(own, 0, bytes);
        }

        if (_current is null || _used + bytes.Length > ChunkBytes)
        {
            _current?.Release();
            _current = Rent();
            _used = 0;
        }

        lease.Add(_current);
        int at = _used;
        _used += bytes.Length;
        return Write(_current, at, bytes);
    }

    /// <summary>Takes back a chunk that has no reader left.</summary>
    internal void Return(ArenaChunk chunk)
    {
        // Keeps as many spare chunks as are in use: enough for the next round, without keeping the peak for ever.
        if (Volatile.Read(ref _freeCount) < Interlocked.Decrement(ref _inUse) + SpareChunks)
        {
            Interlocked.Increment(ref _freeCount);
            _free.Push(chunk);
        }
    }

    private static Utf8Text Write(ArenaChunk chunk, int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(chunk.Span[at..]);
        return Utf8Text.FromPadded(chunk.Address + at, bytes.Length);
    }

    private ArenaChunk Rent()
    {
        Interlocked.Increment(ref _inUse);
        if (_free.TryPop(out ArenaChunk? chunk))
        {
            Interlocked.Decrement(ref _freeCount);
            chunk.Retain();
            return chunk;
        }

        return new ArenaChunk(this, ChunkBytes);
    }
}

/// <summary>A piece of pinned memory with a reference count.</summary>
internal sealed unsafe class ArenaChunk
{
    private readonly TextArena? _owner;   // the arena to which it returns; null for the chunk of a single long text
    private readonly byte[] _array;        // pinned, with padding for wide loads of texts
    private int _holders = 1;

    public ArenaChunk(TextArena? owner, int length)
    {
        _owner = owner;
        _array = GC.AllocateUninitializedArray<byte>(length + Block.PaddingBytes, pinned: true);
        Address = (byte*)Unsafe.AsPointer(ref _array[0]);
    }

    public byte* Address { get; }

    public Span<byte> Span => _array;

    public void Retain() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _owner?.Return(this);
        }
    }
}

/// <summary>
/// Holds the chunks of a number of texts until its last holder disposes of it. Adding is for one thread; holding is for
/// any.
/// </summary>
internal sealed class ArenaLease : IDisposable
{
    private readonly List<ArenaChunk> _chunks = [];
    private int _holders = 1;

    public void Add(ArenaChunk chunk)
    {
        if (_chunks.Count == 0 || !ReferenceEquals(_chunks[^1], chunk))
        {
            chunk.Retain();
            _chunks.Add(chunk);
        }
    }

    /// <summary>Adds a holder; each must call <see cref="Dispose"/>.</summary>
    public ArenaLease Retain()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            foreach (ArenaChunk chunk in _chunks)
            {
                chunk.Release();
            }

            _chunks.Clear();
        }
    }
}
