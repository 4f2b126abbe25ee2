namespace FastStream.Samples.FromSpark;

/// <summary>
/// Metrics of a website's page views. Each line is one view: `URL STATUS ZIP-CODE USER`, separated by tabs.
/// </summary>
public static class PageViewStream
{
    private static readonly (int User, string Name)[] Users = [(1, "Ada"), (2, "Grace"), (3, "Edsger")];

    public static void Describe(StreamingContext context, string metric, string host, int port)
    {
        DStream<PageView> views = context.SocketTextStream(host, port).Map(PageView.Parse).OnError(RecordErrorPolicy.Drop);
        _ = metric switch
        {
            "pageCounts" => PageCounts(views).Print(),
            "slidingPageCounts" => SlidingPageCounts(views).Print(),
            "errorRatePerZipCode" => ErrorRates(views).Print(),
            "activeUserCount" => ActiveUsers(views).Print(),
            "popularUsersSeen" => UsersSeen(views).Print(),
            _ => throw new ArgumentException($"'{metric}' is no metric of a page view stream.", nameof(metric)),
        };
    }

    public static DStream<(Utf8Text Url, long Count)> PageCounts(DStream<PageView> views) =>
        views.Map(view => view.Url).CountByValue();

    public static DStream<(Utf8Text Url, long Count)> SlidingPageCounts(DStream<PageView> views) =>
        views.Map(view => view.Url).CountByValueAndWindow(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2));

    public static DStream<(int ZipCode, double Rate)> ErrorRates(DStream<PageView> views) =>
        views.Map(view => (view.ZipCode, (All: 1, Failed: view.Status == 200 ? 0 : 1)))
             .ReduceByKeyAndWindow(
                 (a, b) => (a.All + b.All, a.Failed + b.Failed),
                 (a, b) => (a.All - b.All, a.Failed - b.Failed),
                 TimeSpan.FromSeconds(30),
                 TimeSpan.FromSeconds(2))
             .MapValues(views => (double)views.Failed / views.All);

    public static DStream<long> ActiveUsers(DStream<PageView> views) =>
        views.Map(view => view.User).CountByValueAndWindow(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(2)).Count();

    public static DStream<string> UsersSeen(DStream<PageView> views) =>
        views.Map(view => (view.User, 1)).ReduceByKey((a, b) => a + b)
             .Join(views.Context.ConstantStream(Users))
             .Map(each => each.Value.Right);
}
