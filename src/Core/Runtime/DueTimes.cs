namespace FastStream.Runtime;

/// <summary>
/// The batch times at which something comes out of a graph though nothing comes in: so a gap in the batch times is
/// crossed from one to the next, and not by each time in it.
/// </summary>
/// <remarks>Asked between batches, when no operator runs.</remarks>
internal sealed class DueTimes
{
    private readonly HashSet<TimeSpan> _slides = [];                       // longer than the batch interval, of windows and outputs
    private readonly HashSet<TimeSpan> _earlierSlides = [];                // of streams whose batches hold what earlier ones brought
    // each gives the first time after another at which it has something
    private readonly List<Func<BatchTime, BatchTime?>> _operators = [];
    private StreamingContext? _context;

    /// <summary>
    /// Adds an operator: the first time after the given one at which records come of what it keeps, on the grid of its
    /// slide; null for none.
    /// </summary>
    public void Add(Func<BatchTime, BatchTime?> next) => _operators.Add(next);

    /// <summary>Takes in what streams and outputs of the graph say by their slides.</summary>
    public void AddSlides(IEnumerable<DStream> streams, IEnumerable<OutputOperation> outputs)
    {
        foreach (DStream stream in streams)
        {
            _context = stream.Context;
            if (stream.IsWindow)
            {
                AddSlide(stream);
            }

            if (stream.GivesEarlier)
            {
                _earlierSlides.Add(stream.Slide);
            }
        }

        foreach (OutputOperation output in outputs)
        {
            AddSlide(output.Stream);
        }
    }

    /// <summary>The first time after another at which anything is due: an operator, or a slide.</summary>
    public BatchTime? Next(BatchTime after)
    {
        BatchTime? first = NextSlide(after);
        foreach (Func<BatchTime, BatchTime?> next in _operators)
        {
            if (next(after) is { } time && !(time >= first))
            {
                first = time;
            }
        }

        return first;
    }

    /// <summary>The first time after another at which a slide longer than the batch interval ends.</summary>
    public BatchTime? NextSlide(BatchTime after)
    {
        BatchTime? first = null;
        foreach (TimeSpan slide in _slides)
        {
            BatchTime time = after.Floor(slide, _context!.ZeroTime) + slide;
            first = time >= first ? first : time;
        }

        return first;
    }

    /// <summary>Whether a batch of this time puts out what earlier ones brought: a window ends, or states may time out.</summary>
    public bool HasEarlierAt(BatchTime time) => _earlierSlides.Any(slide => time.IsValid(slide, _context!.ZeroTime));

    private void AddSlide(DStream stream)
    {
        if (stream.Slide > stream.Context.Options.BatchInterval)
        {
            _slides.Add(stream.Slide);
        }
    }
}
