namespace FastStream.Runtime;

/// <summary>
/// Whether records that were lent to a user's function may still be read; shared by all that was made of them. Safe
/// from any thread.
/// </summary>
internal sealed class RecordsLife(string reader, BatchTime time, string wayOut)
{
    private volatile bool _isOver;

    /// <summary>The records are given back: before their memory is.</summary>
    public void End() => _isOver = true;

    public void ThrowIfOver()
    {
        if (_isOver)
        {
            throw Over();
        }
    }

    public ObjectDisposedException Over() => new(reader, $"The records of batch {time} were given back. {wayOut}");

    /// <summary>Walks blocks, and looks before each whether they still may be read.</summary>
    public IEnumerable<ReadOnlyMemory<T>> Blocks<T>(RecordBlocks<T> blocks)
    {
        ThrowIfOver();
        return Walk();

        IEnumerable<ReadOnlyMemory<T>> Walk()
        {
            // By index: there are none any more when they are given back.
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
    /// Walks records. A walk may stop anywhere and go on when the batch is over, so it looks before each step, which is
    /// small beside the two interface calls of a step.
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
