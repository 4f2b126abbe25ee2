namespace FastStream;

/// <summary>Length and slide of a window, in multiples of its parent's slide, and the times that follow from them.</summary>
/// <param name="Context">The context whose zero time counts.</param>
/// <param name="Length">How far the window reaches back.</param>
/// <param name="Slide">Time between two windows.</param>
/// <param name="Depth">Number of windows upstream of this one, on the longest path.</param>
internal sealed record WindowSize(StreamingContext Context, TimeSpan Length, TimeSpan Slide, int Depth)
{
    public static WindowSize Of(DStream parent, TimeSpan length, TimeSpan? slide)
    {
        ThrowIfNoMultiple(parent, length, nameof(length), "reaches back");
        if (slide is { } given)
        {
            ThrowIfNoMultiple(parent, given, nameof(slide), "is made anew after");
        }

        return new WindowSize(parent.Context, length, slide ?? parent.Slide, parent.WindowsUpTo)
            { ParentSlide = parent.Slide, TakesMade = parent.MakesRecordsUpTo };
    }

    /// <summary>Time between two input batches.</summary>
    public TimeSpan ParentSlide { get; init; }

    /// <summary>Whether batches without input may bring records that change the window.</summary>
    public bool TakesMade { get; init; }

    /// <summary>The first time after this one at which a window ends.</summary>
    public BatchTime Next(BatchTime time) => time.Floor(Slide, Context.ZeroTime) + Slide;

    /// <summary>The first time after this one at which the parent makes a batch.</summary>
    public BatchTime NextOfParent(BatchTime time) => time.Floor(ParentSlide, Context.ZeroTime) + ParentSlide;

    /// <summary>Whether a window ends at this time.</summary>
    public bool IsDue(BatchTime time) => time.IsValid(Slide, Context.ZeroTime);

    /// <summary>The last time outside a window that ends at this one.</summary>
    public BatchTime Before(BatchTime time) => time - Length;

    /// <summary>The last time outside every window that ends after this one.</summary>
    public BatchTime BeforeNext(BatchTime time) => (time.Floor(Slide, Context.ZeroTime) + Slide) - Length;

    private static void ThrowIfNoMultiple(DStream parent, TimeSpan found, string parameter, string verb)
    {
        if (found <= TimeSpan.Zero || found.Ticks % parent.Slide.Ticks != 0)
        {
            throw new ArgumentException(
                $"The window {verb} {found}, and {parent.Name} makes a batch every {parent.Slide}; a positive "
                    + $"multiple of that is expected. Give {Nearest(found, parent.Slide)}, or change the batch interval.", parameter);
        }
    }

    private static TimeSpan Nearest(TimeSpan found, TimeSpan step) => step * Math.Max(1, Math.Round(found / step));
}
