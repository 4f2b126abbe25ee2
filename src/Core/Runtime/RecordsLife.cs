namespace FastStream.Runtime;

/// <summary>
/// Tells whether records lent to a user function may still be read; shared by all objects derived from them. Safe from
/// any thread.
/// </summary>
internal sealed class RecordsLife(string reader, BatchTime time, string wayOut)
{
    private volatile bool _isOver;

    /// <summary>Ends the life of the records. Call it before their memory is released.</summary>
    public void End() => _isOver = true;

    public void ThrowIfOver()
    {
        if (_isOver)
        {
            throw Over();
        }
    }

    public ObjectDisposedException Over() => new(reader, $"The records of batch {time} were given back. {wayOut}");

    /// <summary>Enumerates blocks, and checks before each whether they may still be read.</summary>
    public IEnumerable<ReadOnlyMemory<T>> Blocks<T>(RecordBlocks<T> blocks)
    {
        ThrowIfOver();
        return Walk();

        IEnumerable<ReadOnlyMemory<T>> Walk()
        {
            // By index: the blocks are gone once the records are released.
            for (int i = 0; ; i++)
            {
                ThrowIfOver();
                if (i >= blocks.BlockCount)
                {
                    yield break;
                }

                yield return blocks[i];
            }
        }
    }

    /// <summary>
    /// Enumerates records. An enumeration may pause anywhere and continue after the batch, so it checks before each
    /// step; the check costs little beside the two interface calls of a step.
    /// </summary>
    public IEnumerator<T> Records<T>(RecordBlocks<T> blocks)
    {
        ThrowIfOver();
        return Walk();

        IEnumerator<T> Walk()
        {
            for (int i = 0; ; i++)
            {
                ThrowIfOver();
                if (i >= blocks.BlockCount)
                {
                    yield break;
                }

                ArraySegment<T> block = blocks[i];
                for (int j = 0; j < block.Count; j++)
                {
                    ThrowIfOver();
                    yield return block.Array![block.Offset + j];
                }
            }
        }
    }
}
